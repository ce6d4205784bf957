"""The operator's desk: what a flood, limits and a mass redrive do to those who only want their job done.

Each module here measures one thing: `measure` returns its figures, `lines` tells them, `failures` what is wrong.
"""

import importlib
import os
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from arxos.app.settings import read_settings
from arxos.storage.migrations import migrate

Report = dict[str, dict[str, Any]]


def run() -> Report:
    """Each figure on an empty ledger."""
    os.environ["ARXOS_PROBES"] = "1"
    os.environ["ARXOS_LOG_LEVEL"] = "warning"
    migrate(read_settings().database_url)
    return {name: module.measure() for name, module in _figures()}


def table(report: Report) -> str:
    """All figures as text."""
    return "\n".join(line for name, module in _figures() for line in module.lines(report[name]))


def failures(report: Report) -> list[str]:
    """What is not as it was promised."""
    return [told for name, module in _figures() for told in module.failures(report[name])]


def _figures() -> Iterator[tuple[str, ModuleType]]:
    for found in pkgutil.iter_modules(__path__):
        if not found.name.startswith("_"):
            yield found.name, importlib.import_module(f"{__name__}.{found.name}")
