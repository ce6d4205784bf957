"""Refuses possessive quantifiers and atomic groups: `re` of Python before 3.11.5 takes what they should not.

The quantifiers `a*+`, `a++`, `a?+`, `a{2}+` and the group `(?>a)` came with Python 3.11.0; where what they repeat could
give something back, they are matched wrongly until 3.11.5 (CPython 106052). Debian 12 has 3.11.2.

Run as a program, it prints what it finds in the Python files of the folders that are named, and exits 1.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

# What may stand in a pattern, so that a plus in a class or behind a backslash is none.
_PART = re.compile(
    r"\\.|\[\^?\]?(?:[^\]\\]|\\.)*\]|(?P<atomic>\(\?>)|(?P<possessive>(?:[*+?]|\{\d+(?:,\d*)?\}|\{,\d+\})\+)|.",
    re.DOTALL,
)


def forbidden(pattern: str) -> str | None:
    """The first possessive quantifier or atomic group, as it is written; None if there is none."""
    found = (match[0] for match in _PART.finditer(pattern) if match.lastgroup)
    return next(found, None)


def findings(source: str) -> Iterator[tuple[int, str]]:
    """Line and spelling of what is forbidden in a file's texts, docstrings aside."""
    tree = ast.parse(source)
    passed_over = set(_said_to_readers(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.expr) and id(node) not in passed_over and (spelling := forbidden(_text(node))):
            yield node.lineno, spelling


def _said_to_readers(tree: ast.AST) -> Iterator[int]:
    """Docstrings, and texts within f-strings, which are looked at as a whole."""
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant() as said):
                yield id(said)
            case ast.JoinedStr(values=parts):
                yield from map(id, parts)


def _text(node: ast.expr) -> str:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.Constant(value=bytes(raw)):
            return raw.decode("latin-1")
        case ast.JoinedStr(values=parts):
            return "".join(_text(part) or "(?:)" for part in parts)
    return ""


def main() -> None:
    """Look through the folders that are named."""
    files = [file for folder in sys.argv[1:] for file in sorted(Path(folder).rglob("*.py"))]
    found = [f"{file}:{line}: {spelling}" for file in files for line, spelling in findings(file.read_text("utf-8"))]
    if found:
        sys.exit("\n".join((*found, "possessive quantifiers and atomic groups go wrong before Python 3.11.5")))


if __name__ == "__main__":
    main()
