"""No pattern of ours goes wrong on a Python that we support."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from types import ModuleType

import pytest

import arxos
import deploy.local
from deploy.local.patterns import findings, forbidden

POSSESSIVE = ["a*" + "+", "a+" + "+", "(?:ab)?" + "+", "[a]*" + "+", "a{2}" + "+", "a{2,}" + "+", "a{,2}" + "+"]
ATOMIC = ["(?" + ">a)", "(b|(?" + ">a*))"]
HARMLESS = [
    "[*+]+",
    r"\++",
    r"\*+",
    "[]*+]",
    r"[\]*+]",
    "(?:a+)+",
    "a{2}b+",
    "{x}+",
    "C+",
    "[^]?+]",
    r"\\?",
    "(?=a)(?<!>)",
]


@pytest.mark.parametrize("pattern", POSSESSIVE + ATOMIC)
def test_what_old_pythons_match_wrongly_is_found(pattern: str) -> None:
    re.compile(pattern)
    assert forbidden(pattern)
    within = "{x}" + pattern.replace("{", "{{").replace("}", "}}")
    for code in (repr(pattern), repr(pattern.encode()), f"f{within!r}", f"dict(a=[x + {pattern!r}])"):
        assert list(findings(f'"""A docstring."""\n\nA = {code}\n')) == [(3, forbidden(pattern))]


@pytest.mark.parametrize("pattern", HARMLESS)
def test_what_only_looks_like_it_is_not(pattern: str) -> None:
    re.compile(pattern)
    assert forbidden(pattern) is None


def test_what_docstrings_speak_of_is_not_found() -> None:
    assert not list(findings(f'"""{POSSESSIVE[0]}"""\n\ndef f():\n    "{ATOMIC[0]}"\n'))


@pytest.mark.parametrize("package", [arxos, deploy.local])
def test_no_pattern_that_is_put_together_becomes_one(package: ModuleType) -> None:
    modules = [found.name for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]
    programs = (".__main__", ".migrations.env")  # Alembic runs the latter
    patterns = {name: list(_patterns(importlib.import_module(name))) for name in modules if not name.endswith(programs)}
    assert any(patterns.values())
    assert {name: found for name, all_ in patterns.items() for one in all_ if (found := forbidden(one))} == {}


def _patterns(module: ModuleType) -> Iterator[str]:
    for value in vars(module).values():
        yield from _patterns_in(value)


def _patterns_in(value: object) -> Iterator[str]:
    match value:
        case re.Pattern():
            yield value.pattern if isinstance(value.pattern, str) else value.pattern.decode("latin-1")
        case tuple() | list():
            for one in value:
                yield from _patterns_in(one)
        case dict():
            for one in value.values():
                yield from _patterns_in(one)
