"""Finds every input format beside this file: a module or folder with a `READER`. No list to edit."""

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache, cached_property
from pathlib import Path
from typing import Protocol

import arxos.formats
from arxos.domain.buildings.model_reader import ModelReader
from arxos.domain.errors import ModelRefusedError

HEAD_BYTES = 4096


class Format(ModelReader, Protocol):
    """A reader that knows its files when it sees them."""

    def recognises(self, head: bytes) -> bool:
        """Whether a file that starts with these bytes is of this format."""


class InstalledReaders:
    """The formats of this installation, as `domain.ports.ModelReaders`; imported at first use, for they are heavy."""

    @cached_property
    def _formats(self) -> tuple[Format, ...]:
        names = (f"arxos.formats.{module.name}" for module in pkgutil.iter_modules(arxos.formats.__path__))
        modules = [importlib.import_module(name) for name in names]
        readers: list[Format] = [module.READER for module in modules if hasattr(module, "READER")]
        return tuple(sorted(readers, key=lambda reader: reader.name))

    def __iter__(self) -> Iterator[ModelReader]:
        return iter(self._formats)

    def reader_for(self, path: Path, filename: str) -> ModelReader:
        """The reader by the file's first bytes, else by its name. Raises ModelRefusedError where none fits."""
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
        if not head:
            raise ModelRefusedError(f"empty file {filename!r}")
        fitting = [f for f in self._formats if f.recognises(head)] or self._by_name(filename)
        if not fitting:
            raise ModelRefusedError(f"not a building model: starts with {head[:16]!r}")
        return fitting[0]

    def _by_name(self, filename: str) -> list[Format]:
        return [f for f in self._formats if filename.lower().endswith(f.suffixes)]


@cache
def installed_readers() -> InstalledReaders:
    """Every format found in this package, in order of name."""
    return InstalledReaders()
