"""What counts as one line of text that people can read."""

import unicodedata

from arxos.domain.errors import InvalidBuildingError

# Controls, lone surrogates, unassigned and private characters, line and paragraph separators.
UNPRINTABLE = frozenset({"Cc", "Cs", "Cn", "Co", "Zl", "Zp"})
# These reorder what a reader sees; other invisible characters (joiners) are part of Persian or Hindi spelling.
BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def one_line(text: str, *, field: str, limit: int, error: type[InvalidBuildingError]) -> str:
    """The text in Unicode's composed form (NFC), without spaces around it.

    Raises `error`, naming the field, where it is empty, longer than `limit` characters, or not printable.
    """
    line = unicodedata.normalize("NFC", text).strip()
    if not any(unicodedata.category(c)[0] in "LNPS" for c in line):
        raise error(f"{field}: must not be empty")
    if len(line) > limit:
        raise error(f"{field}: at most {limit} characters, got {len(line)}")
    for c in line:
        if unicodedata.category(c) in UNPRINTABLE or c in BIDI_CONTROLS:
            raise error(f"{field}: holds the unprintable character U+{ord(c):04X}")
    return line
