"""The lexical grammar of a STEP file (ISO 10303-21), as regular expressions over its bytes.

No input, however hostile, makes a match slow or large:

- Nothing can be read in two ways. What follows a repetition begins with a byte that the repetition does not take, and
  alternatives begin with different bytes: where a match fails, giving back costs no more than taking did.
- A repetition of more than single bytes remembers each round. Patterns with such are matched within a `WINDOW`.

Possessive quantifiers and atomic groups would be shorter; before Python 3.11.5 they take what they should not.
"""

import re
from mmap import mmap

Data = bytes | mmap
WINDOW = 1 << 13  # bytes

SPACE = rb"[ \t\r\n\f]*"
KEYWORD = rb"[A-Z][A-Z0-9_]*"
NAME = rb"#[0-9]{1,18}(?![0-9])"
NUMBER = rb"[+-]?[0-9]+(?:\.[0-9]*(?:E[+-]?[0-9]+|)|)"  # (…|) is faster than (…)?
ENUMERATION = rb"\.[A-Z][A-Z0-9_]*\."
BINARY = rb'"[0-3][0-9A-F]*"'

# In a string, \\ is a backslash and '' an apostrophe; \S\, \P.\, \X\, \X2\ and \X4\ encode what lies beyond ASCII;
# \N\ and \F\ break a printed line
PLAIN = rb"[^'\\\x00-\x08\x0b\x0e-\x1f\x7f-\xff]*"
ESCAPE = rb"''|\\(?:\\|S\\[ -~]|P[A-I]\\|N\\|F\\|X\\[0-9A-F]{2})"
CODES = rb"\\X(?:2\\(?:[0-9A-F]{4})*|4\\(?:[0-9A-F]{8})*)\\X0\\"
STRING = rb"'" + PLAIN + rb"(?:(?:" + ESCAPE + rb"|" + CODES + rb")" + PLAIN + rb")*'"

SKIPPED = re.compile(SPACE + rb"(/\*(?s:.*?)\*/)?")  # one comment at most
TOKEN = re.compile(
    rb"(?P<name>" + NAME + rb")|(?P<number>" + NUMBER + rb")|(?P<enumeration>" + ENUMERATION + rb")"
    rb"|(?P<binary>" + BINARY + rb")|(?P<keyword>!?" + KEYWORD + rb")|(?P<mark>[(),;=$*])"
)
STRING_PIECE = re.compile(PLAIN + rb"(?:(?:" + ESCAPE + rb")" + PLAIN + rb")*")
CODES_PIECE = re.compile(rb"\\X([24])\\([0-9A-F]*)\\X0\\")  # the number of digits is still to be checked


def _list_of(item: bytes) -> bytes:
    return rb"\(" + SPACE + rb"(?:" + _items(item) + rb"|)\)"


def _items(item: bytes) -> bytes:
    return item + SPACE + rb"(?:," + SPACE + item + SPACE + rb")*"


_ATOM = rb"(?:" + rb"|".join((NAME, NUMBER, STRING, rb"[$*]", ENUMERATION, BINARY)) + rb")"
_TYPED = KEYWORD + rb"\(" + SPACE + rb"(?:" + _ATOM + rb"|" + _list_of(_ATOM) + rb")" + SPACE + rb"\)"
_FLAT = rb"(?:" + _ATOM + rb"|" + _TYPED + rb"|" + _list_of(_ATOM) + rb")"
_ARGUMENT = rb"(?:" + _ATOM + rb"|" + _TYPED + rb"|" + _list_of(_FLAT) + rb")"

# An ordinary instance in one match: no comment, lists at most two deep, no longer than the window. Whatever else is
# valid is left to the parser, which is exact and some thirty times slower.
ORDINARY_INSTANCE = re.compile(
    rb"#([0-9]{1,18})" + SPACE + rb"=" + SPACE + KEYWORD + SPACE + _list_of(_ARGUMENT) + SPACE + rb";" + SPACE
)
# As many values of a list as the window holds. A value at its edge may be cut off: a comma or the end must follow.
ORDINARY_VALUES = re.compile(_items(_ARGUMENT) + rb"(?=[,)])")
