"""Postal addresses from any country: one line as on an envelope, or its parts."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from arxos.domain.buildings.text import one_line
from arxos.domain.errors import InvalidAddressError

LINE_LIMIT: Final = 300
PART_LIMITS: Final = {"street": 150, "city": 100, "region": 100, "postal_code": 16, "country": 60}
REQUIRED: Final = ("street", "city")

# Real places: "Westward Ho!", "ul. «Lenina»", "c/o", "Nr. 5 & 7", "№ 3", "〒100-0001", "4° piano".
SYMBOLS: Final = frozenset("+&№°℅℡〒´`")
FOREIGN_TO_ADDRESSES: Final = frozenset("\\?*@%{}[]_")
# A character of these scripts is a syllable or a word.
WORD_SIGNS: Final = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\U00020000-\U0003ffff]")
WORD: Final = re.compile(r"[^\W\d_][^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Address:
    """A building's place in the postal sense. `line` is always there; the parts only where they were given."""

    line: str
    street: str | None = None
    city: str | None = None
    region: str | None = None
    postal_code: str | None = None
    country: str | None = None

    @classmethod
    def parse(cls, given: str | Mapping[str, object]) -> Self:
        """An address from one line or from `{street, city, region?, postal_code?, country?}`.

        Raises InvalidAddressError naming the field: `address.city: must not be empty`.
        """
        if isinstance(given, str):
            return cls(_envelope_line(given))
        parts = _checked_parts(given)
        return cls(_joined(parts), **parts)

    def parts(self) -> dict[str, str]:
        """The parts that were given; empty for an address of one line."""
        values = {name: getattr(self, name) for name in PART_LIMITS}
        return {name: value for name, value in values.items() if value is not None}

    def __str__(self) -> str:
        return self.line


def _envelope_line(given: str) -> str:
    line = one_line(given, field="address", limit=LINE_LIMIT, error=InvalidAddressError)
    _refuse_noise(line, "address")
    if not _looks_like_an_address(line):
        raise InvalidAddressError("address: needs a street or house and a place, as on an envelope")
    return line


def _looks_like_an_address(line: str) -> bool:
    """A word with a number ("Ufer 5"), two places ("Red Fort, Delhi"), three words, or four word signs ("東京都港")."""
    if len(WORD_SIGNS.findall(line)) >= 4:
        return True
    words = {word.casefold() for word in WORD.findall(line)}
    places = [part for part in line.split(",") if WORD.search(part)]
    numbered = any(c.isdigit() for c in line)
    return bool(words) and (numbered or len(words) >= 3 or (len(places) >= 2 and len(words) >= 2))


def _refuse_noise(text: str, field: str) -> None:
    for c in text:
        if c in FOREIGN_TO_ADDRESSES or (unicodedata.category(c)[0] == "S" and c not in SYMBOLS):
            raise InvalidAddressError(f"{field}: {c!r} does not belong in an address")
    dense = text.replace(" ", "")
    if sum(unicodedata.category(c)[0] in "LMN" for c in dense) * 2 < len(dense):
        raise InvalidAddressError(f"{field}: more punctuation than letters and digits")


def _checked_parts(given: Mapping[str, object]) -> dict[str, str]:
    for name in given:
        if name not in PART_LIMITS:
            raise InvalidAddressError(f"address.{name}: no such part; there are {', '.join(PART_LIMITS)}")
    parts = {name: _part(name, given[name]) for name in PART_LIMITS if given.get(name) is not None}
    for name in REQUIRED:
        if name not in parts:
            raise InvalidAddressError(f"address.{name}: missing")
    return parts


def _part(name: str, value: object) -> str:
    field = f"address.{name}"
    if not isinstance(value, str):
        raise InvalidAddressError(f"{field}: must be text")
    part = one_line(value, field=field, limit=PART_LIMITS[name], error=InvalidAddressError)
    _refuse_noise(part, field)
    letters = any(c.isalpha() for c in part)
    # A street may be a bare number (Japanese blocks, "5-2-1"), a postal code too; a place has a name.
    if not letters and (name not in ("street", "postal_code") or not any(c.isdigit() for c in part)):
        raise InvalidAddressError(f"{field}: must contain letters")
    return part


def _joined(parts: Mapping[str, str]) -> str:
    """The parts on one line: "1 Main St, Springfield, IL 62701, US"."""
    district = " ".join(parts[name] for name in ("region", "postal_code") if name in parts)
    line = [parts["street"], parts["city"], district, parts.get("country", "")]
    return ", ".join(filter(None, line))
