"""How many references one instance may hold.

IfcOpenShell hands over an attribute as a whole, with some 200 bytes for each reference in it, whatever that took in
the file: a list of 15 MB that names the same wall five million times took 1.2 GB. In a sound file a list names each
instance once or a few times, so that its length is bounded by the number of instances.
"""

import re
from dataclasses import dataclass, field
from typing import Final

from arxos.domain.errors import ModelRefusedError
from arxos.formats.ifc.step_grammar import Data
from arxos.formats.ifc.step_parser import place

FREE_REFERENCES: Final = 100_000  # of one instance, however few instances there are
SHORTEST: Final = 3  # bytes of a reference in a list: `#1,`
_REFERENCE_OR_TEXT = re.compile(rb"#[0-9]|'[^']*'|/\*(?s:.*?)\*/")


@dataclass(slots=True)
class References:
    """The instances with more than FREE_REFERENCES: where they begin, and how many they hold."""

    _many: list[tuple[int, int]] = field(default_factory=list)

    def look_at(self, data: Data, begin: int, end: int) -> None:
        """Count the references of the instance that stands there. Costs nothing for one of ordinary length."""
        if end - begin > FREE_REFERENCES * SHORTEST:
            found = (match[0] for match in _REFERENCE_OR_TEXT.finditer(data, begin, end))
            count = sum(text.startswith(b"#") for text in found)
            if count > FREE_REFERENCES:
                self._many.append((begin, count))

    def check(self, data: Data, instances: int) -> None:
        """Refuse an instance with more references than the file has instances. Raises ModelRefusedError."""
        for begin, count in self._many:
            if count > instances:
                held = f"one instance holds {count:,} references, in a file of {instances:,} instances"
                raise ModelRefusedError(f"{place(data, begin)}: {held}")
