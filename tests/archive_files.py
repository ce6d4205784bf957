"""Archives for tests, honest ones and others: bytes exactly as a zip or gzip has them."""

import struct
import zlib
from dataclasses import dataclass, replace

STORED, DEFLATED = 0, 8
LOCAL = struct.Struct("<4sHHHHHLLLHH")
CENTRAL = struct.Struct("<4sHHHHHHLLLHHHHHLL")
END = struct.Struct("<4sHHHHLLH")


def deflated(plain: bytes) -> bytes:
    """Raw deflate."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(plain) + packer.flush()


@dataclass(frozen=True)
class Entry:
    """A member as its header and the directory describe it; what is None is the truth."""

    name: str
    plain: bytes = b""
    packed: bytes | None = None
    method: int = DEFLATED
    flags: int = 0
    crc: int | None = None
    size: int | None = None
    packed_size: int | None = None
    local_name: str | None = None
    local_method: int | None = None
    local_size: int | None = None
    offset: int | None = None  # where the directory says that it lies
    descriptor: bool = False

    def data(self) -> bytes:
        if self.packed is not None:
            return self.packed
        return deflated(self.plain) if self.method == DEFLATED else self.plain

    def facts(self) -> tuple[int, int, int]:
        crc = zlib.crc32(self.plain) if self.crc is None else self.crc
        packed = len(self.data()) if self.packed_size is None else self.packed_size
        return crc, packed, len(self.plain) if self.size is None else self.size

    def local(self) -> bytes:
        name, method = (self.local_name or self.name).encode(), self.method
        crc, packed, size = (0, 0, 0) if self.descriptor else self.facts()
        size = size if self.local_size is None else self.local_size
        told = self.local_method if self.local_method is not None else method
        flags = self.flags | (8 if self.descriptor else 0)
        header = LOCAL.pack(b"PK\x03\x04", 20, flags, told, 0, 0, crc, packed, size, len(name), 0)
        after = struct.pack("<4sLLL", b"PK\x07\x08", *self.facts()) if self.descriptor else b""
        return header + name + self.data() + after

    def central(self, offset: int) -> bytes:
        name, flags = self.name.encode(), self.flags | (8 if self.descriptor else 0)
        where = offset if self.offset is None else self.offset
        crc, packed, size = self.facts()
        return (
            CENTRAL.pack(
                b"PK\x01\x02", 20, 20, flags, self.method, 0, 0, crc, packed, size, len(name), 0, 0, 0, 0, 0, where
            )
            + name
        )


def archive(*entries: Entry, comment: bytes = b"") -> bytes:
    """A zip of these members."""
    body, offsets = bytearray(), []
    for entry in entries:
        offsets.append(len(body))
        body += entry.local()
    directory = b"".join(entry.central(offset) for entry, offset in zip(entries, offsets, strict=True))
    count = len(entries)
    return (
        bytes(body)
        + directory
        + END.pack(b"PK\x05\x06", 0, 0, count, count, len(directory), len(body), len(comment))
        + comment
    )


def lying(entry: Entry, **lies: object) -> Entry:
    """The member, told of wrongly."""
    return replace(entry, **lies)  # type: ignore[arg-type]


def gzipped(plain: bytes) -> bytes:
    """A gzip member; its header tells no time."""
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS + 16)
    return packer.compress(plain) + packer.flush()
