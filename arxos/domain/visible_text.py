r"""Text of others shown to people: characters that are not seen, or that a terminal obeys, are written out.

ANSI escapes and C1 controls move a terminal's cursor, bidirectional controls reorder what stands around them
(CVE-2021-42574), zero-width characters hide, U+2028 breaks a line for some readers. Each is shown by its code: `\x9b`,
`\u202e`.
"""

import re
import unicodedata

_BREAKS = "\t\n\r"
# Printable by their category, and yet nothing is seen: fillers, joiners of graphemes, selectors of variants.
_BLANK = "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef"
_HIDDEN = re.compile(f"[{_BLANK}]")
_JOINERS = "\u200c\u200d"  # part of the spelling of Persian, Hindi, and of some emoji
_SELECTORS = re.compile("[\ufe0e\ufe0f\U000e0100-\U000e01ef]")


def visible(text: str, *, lines: bool = False) -> str:
    """The text with each hidden or obeyed character written out, on one line; `lines`: its line breaks stay.

    What every script needs stays: all letters and marks, joiners between letters of scripts that join, emoji. Spaces of
    other widths become spaces. Nothing that it returns is changed when it is given to it again.
    """
    if text.isprintable() and not _HIDDEN.search(text):
        return text
    return "".join(_shown(text, place, lines=lines) for place in range(len(text)))


def visible_json(document: str) -> str:
    r"""A JSON document, the same to every parser, in which the same characters are `\u` escapes."""
    if document.isascii() and "\x7f" not in document:
        return document
    return "".join(_escaped(char) for char in document)


def _escaped(char: str) -> str:
    if char == "\n" or not _is_hidden(char):
        return char
    units = char.encode("utf-16-be", errors="surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def _shown(text: str, place: int, *, lines: bool) -> str:
    char = text[place]
    if char in _BREAKS:
        return char if lines and char != "\r" else " "
    if not _is_hidden(char) or _belongs(text, place):
        return " " if unicodedata.category(char) == "Zs" else char
    return char.encode("unicode_escape").decode("ascii")


def _is_hidden(char: str) -> bool:
    return bool(_HIDDEN.match(char)) or not (char.isprintable() or unicodedata.category(char) == "Zs")


def _belongs(text: str, place: int) -> bool:
    """Whether a joiner stands between what it joins, or a selector behind what it selects a form of."""
    before, after = text[place - 1 : place], text[place + 1 : place + 2]
    if text[place] in _JOINERS:
        return (_joins(before) and _joins(after)) or (_is_emoji(before) and unicodedata.category(after or " ") == "So")
    return bool(_SELECTORS.match(text[place])) and bool(before) and unicodedata.category(before)[0] in "LNS"


def _joins(char: str) -> bool:
    """Of Arabic, Syriac, N'Ko, the Indic scripts, Sinhala, Tibetan, Myanmar, Khmer or Mongolian: a letter or a mark."""
    return "\u0600" <= char <= "\u18aa" and unicodedata.category(char)[0] in "LM" and not _HIDDEN.match(char)


def _is_emoji(char: str) -> bool:
    return char == "\ufe0f" or unicodedata.category(char or " ") in ("So", "Sk")
