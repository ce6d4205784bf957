"""The version of the rules moves when the rules do."""

import ast
import hashlib
from pathlib import Path

import arxos
from arxos.domain.buildings.rules import RULES_VERSION

ROOT = Path(arxos.__file__).parent
JUDGES = ("domain/buildings/rules", "formats/ifc/rules", "formats/ifc/header_policy.py", "formats/ifc/schema_check.py")
KNOWN = ("2026.11.2", "3fb3dc47bf13734d")


def fingerprint() -> str:
    """Of the code that judges, whatever its comments, docstrings and layout."""
    digest = hashlib.sha256()
    for part in JUDGES:
        path = ROOT / part
        for file in [path] if path.is_file() else sorted(path.rglob("*.py")):
            digest.update(code_of(file).encode())
    return digest.hexdigest()[:16]


def code_of(file: Path) -> str:
    tree = ast.parse(file.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    tree.body = [node for node in tree.body if not _names_the_version(node)]
    return shape(tree)


def shape(node: object) -> str:
    """A syntax tree in words, without what is empty: every Python has some fields that others don't."""
    match node:
        case ast.AST():
            parts = {name: getattr(node, name) for name in node._fields}
            told = (f"{name}={shape(part)}" for name, part in parts.items() if part is not None and part != [])
            is_none = isinstance(node, ast.Constant) and node.value is None
            return f"{type(node).__name__}({'None' if is_none else ', '.join(told)})"
        case list():
            return f"[{', '.join(map(shape, node))}]"
    return repr(node)


def _names_the_version(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "RULES_VERSION"


def test_rules_that_changed_have_another_version() -> None:
    """Where this fails: if verdicts may differ from before, give RULES_VERSION another value; then note both here."""
    assert (RULES_VERSION, fingerprint()) == KNOWN
