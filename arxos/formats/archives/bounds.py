"""How much an archive may hold."""

from dataclasses import dataclass
from typing import NoReturn

from arxos.domain.errors import ModelRefusedError

MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Bounds:
    """Limits on what is unpacked. IFC text shrinks 5 to 20 times, a bomb a thousand times.

    Worked number: 1 MB of archive may hold 200 MB; 100 kB may hold 16 MiB, for up to `free_bytes` no ratio is asked.
    """

    bytes: int = 4 << 30
    ratio: int = 200  # unpacked : packed, over all layers
    free_bytes: int = 16 * MEBIBYTE
    members: int = 1_000  # of a zip
    name_length: int = 1_024  # characters, of a member
    gzip_members: int = 10_000  # a blocked gzip has one for every 64 KiB

    def unpacked(self, packed_bytes: int) -> int:
        """The most bytes that an archive of this size may unpack to."""
        return min(self.bytes, max(self.free_bytes, packed_bytes * self.ratio))


def refuse(reason: str) -> NoReturn:
    """Raise ModelRefusedError for an archive."""
    raise ModelRefusedError(f"archive refused: {reason}")
