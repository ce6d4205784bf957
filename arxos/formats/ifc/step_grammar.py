"""The lexical grammar of a STEP file (ISO 10303-21), as regular expressions over its bytes.

Every repetition is possessive: no input, however hostile, makes a match backtrack.
"""

import re

SPACE = rb"[ \t\r\n\f]*+"
KEYWORD = rb"[A-Z][A-Z0-9_]*+"
NAME = rb"#[0-9]{1,18}+(?![0-9])"
NUMBER = rb"[+-]?[0-9]++(?:\.[0-9]*+(?:E[+-]?[0-9]++)?+)?+"
ENUMERATION = rb"\.[A-Z][A-Z0-9_]*+\."
BINARY = rb'"[0-3][0-9A-F]*+"'

# \\ is a backslash; \S\, \P.\, \X\, \X2\ and \X4\ encode what lies beyond ASCII; \N\ and \F\ break a printed line
DIRECTIVE = (
    rb"\\(?:\\|S\\[ -~]|P[A-I]\\|N\\|F\\|X\\[0-9A-F]{2}|X2\\(?:[0-9A-F]{4})*+\\X0\\|X4\\(?:[0-9A-F]{8})*+\\X0\\)"
)
ASCII_INSIDE = rb"[^'\\\x00-\x08\x0b\x0e-\x1f\x7f-\xff]++"
STRING_INSIDE = rb"(?:" + ASCII_INSIDE + rb"|''|" + DIRECTIVE + rb")*+"

SKIPPED = re.compile(rb"(?:[ \t\r\n\f]++|/\*(?s:.*?)\*/)*+")
TOKEN = re.compile(
    rb"(?P<string>'" + STRING_INSIDE + rb"')|(?P<name>" + NAME + rb")|(?P<number>" + NUMBER + rb")"
    rb"|(?P<enumeration>" + ENUMERATION + rb")|(?P<binary>" + BINARY + rb")|(?P<keyword>!?" + KEYWORD + rb")"
    rb"|(?P<mark>[(),;=$*])"
)
STRING_START = re.compile(rb"'" + STRING_INSIDE)


def _list_of(item: bytes) -> bytes:
    return rb"\(" + SPACE + _items(item) + rb"\)"


def _items(item: bytes) -> bytes:
    return rb"(?:" + item + SPACE + rb"(?:," + SPACE + item + SPACE + rb")*+)?+"


_ATOM = rb"(?:" + rb"|".join((NAME, NUMBER, rb"'" + STRING_INSIDE + rb"'", rb"[$*]", ENUMERATION, BINARY)) + rb")"
_TYPED = KEYWORD + rb"\(" + SPACE + rb"(?:" + _ATOM + rb"|" + _list_of(_ATOM) + rb")" + SPACE + rb"\)"
_FLAT = rb"(?:" + _ATOM + rb"|" + _TYPED + rb"|" + _list_of(_ATOM) + rb")"
_ARGUMENT = rb"(?:" + _ATOM + rb"|" + _TYPED + rb"|" + _list_of(_FLAT) + rb")"

# An ordinary instance in one match: no comment, lists at most two deep. Whatever else is
# valid is left to the parser, which is exact and some thirty times slower.
ORDINARY_INSTANCE = re.compile(
    rb"#([0-9]{1,18}+)" + SPACE + rb"=" + SPACE + KEYWORD + SPACE + rb"\(" + SPACE + _items(_ARGUMENT) + rb"\)"
    + SPACE + rb";" + SPACE
)  # fmt: skip
