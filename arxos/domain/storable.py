"""What the database can hold and give back: texts and JSON as they are handed in, checked before anything is stored."""

import math

DEEPEST = 32  # lists and objects of a payload within each other
LONGEST_NUMBER = 1_000  # digits of an integer; Python's own limit on reading one is 4,300


def checked_text(text: str) -> str:
    """The same text. Raises ValueError where PostgreSQL cannot hold it: NUL, or half of a surrogate pair."""
    if "\0" in text:
        raise ValueError("has a NUL character, which cannot be stored")
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("has half of a surrogate pair, which cannot be stored")
    return text


def check_json(value: object) -> None:
    """Of anything that a parser of JSON gave. Raises ValueError naming the place that cannot be stored."""
    inside: list[tuple[object, str, int]] = [(value, "", 1)]
    while inside:
        one, place, depth = inside.pop()
        if isinstance(one, dict | list):
            if depth > DEEPEST:
                raise ValueError(f"nested more than {DEEPEST} deep")
            parts = one.items() if isinstance(one, dict) else enumerate(one)
            inside += [(part, f"{place}.{name}", depth + 1) for name, part in parts]
        try:
            checked_text(place)
            _check_value(one)
        except ValueError as error:
            raise ValueError(f"{place.removeprefix('.')!r:.100} {error}") from None


def _check_value(value: object) -> None:
    if isinstance(value, str):
        checked_text(value)
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError("is no finite number")
    elif isinstance(value, int) and value.bit_length() > LONGEST_NUMBER * math.log2(10):
        raise ValueError(f"is a number of more than {LONGEST_NUMBER:,} digits")
