"""The one file that a zip archive is about: found in the directory, checked against it, read as a stream.

Python's `zipfile` reads the directory only. Its decompressors for bzip2 and LZMA have no bound on their output, and
what it believes of sizes and places depends on its version.
"""

import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import SEEK_END
from typing import IO, cast

from arxos.formats.archives.bounds import MEBIBYTE, Bounds, refuse
from arxos.formats.archives.inflate import CHUNK, RAW, inflated

LARGEST_DIRECTORY = MEBIBYTE
_LOCAL = struct.Struct("<4s2xHH4xLLLHH")  # signature, flags, method, CRC, sizes, lengths of name and extra field
_END = struct.Struct("<4s16xH")  # signature, length of the comment
_END_MAGIC, _LOCAL_MAGIC = b"PK\x05\x06", b"PK\x03\x04"
_ENCRYPTED, _DESCRIPTOR, _PATCH, _UTF8, _MASKED = 1 << 0, 1 << 3, 1 << 5, 1 << 11, 1 << 13
_IN_ZIP64 = 0xFFFFFFFF
_METHODS = {9: "deflate64", 12: "bzip2", 14: "LZMA", 93: "Zstandard", 95: "XZ"}
_BROKEN = (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, struct.error, OSError)


@dataclass(frozen=True, slots=True)
class Member:
    """A file in an archive; its packed bytes begin at `start`."""

    info: zipfile.ZipInfo
    start: int

    @property
    def end(self) -> int:
        return self.start + self.info.compress_size


def read_member(file: IO[bytes], wanted: Callable[[str], bool], what: str, bounds: Bounds) -> Iterator[bytes]:
    """The plain chunks of the only member whose name is `wanted`. Refuses, naming the reason.

    Refused are several such members or none, too many members, overlapping ones, encryption, every method but stored
    and deflate, a local header that contradicts the directory, a wrong size or CRC, and bytes behind the archive.
    """
    members = _members(file, bounds)
    fitting = [member for member in members if wanted(member.info.filename)]
    if len(fitting) != 1:
        refuse(f"it must hold exactly one {what} file, this one holds {len(fitting)}")
    _check_readable(fitting[0].info)
    return _checked(_content(file, fitting[0]), fitting[0].info)


def _members(file: IO[bytes], bounds: Bounds) -> list[Member]:
    """All members by place. The directory is bounded before it is read, then held against the file."""
    _check_tail(file)
    try:
        archive = zipfile.ZipFile(cast("IO[bytes]", _BoundedReads(file)))
        listed = sorted(archive.infolist(), key=lambda info: info.header_offset)
        _check_names(listed, bounds)
        members = [_located(file, info) for info in listed]
    except _BROKEN as error:
        refuse(f"its directory is broken: {error}")
    _check_places(members, archive.start_dir)
    return members


def _check_tail(file: IO[bytes]) -> None:
    size = file.seek(0, SEEK_END)
    file.seek(max(0, size - _END.size - 0xFFFF))
    tail = file.read()
    at = tail.rfind(_END_MAGIC)
    if at < 0 or at + _END.size > len(tail):
        refuse("it has no directory, as if it were cut off")
    if at + _END.size + _END.unpack_from(tail, at)[1] != len(tail):
        refuse("something follows its end")


class _BoundedReads:
    """A file of which no more is read at once than a directory may have: zipfile holds the whole of it in memory."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.seek, self.tell = file.seek, file.tell

    def read(self, size: int = -1) -> bytes:
        most = LARGEST_DIRECTORY + 1
        if len(data := self._file.read(most if size < 0 else min(size, most))) >= most:
            refuse(f"its directory is larger than {LARGEST_DIRECTORY:,} bytes")
        return data


def _check_names(listed: list[zipfile.ZipInfo], bounds: Bounds) -> None:
    if len(listed) > bounds.members:
        refuse(f"it holds more than {bounds.members:,} files")
    if any(len(info.orig_filename) > bounds.name_length for info in listed):
        refuse(f"it holds a name of more than {bounds.name_length:,} characters")


def _located(file: IO[bytes], info: zipfile.ZipInfo) -> Member:
    """The member behind its local header, which must say what the directory says."""
    file.seek(info.header_offset)
    magic, flags, method, crc, packed, plain, name_bytes, extra_bytes = _LOCAL.unpack(file.read(_LOCAL.size))
    name = file.read(name_bytes).decode("utf-8" if flags & _UTF8 else "cp437", errors="replace")
    sizes = ((packed, info.compress_size), (plain, info.file_size), (crc, info.CRC))
    later = bool(flags & _DESCRIPTOR)  # then sizes and CRC stand behind the data, and here are zeros
    agreed = later or all(here in (there, _IN_ZIP64) for here, there in sizes)
    if magic != _LOCAL_MAGIC or method != info.compress_type or name != info.orig_filename or not agreed:
        refuse("a file's own header contradicts its directory")
    return Member(info, info.header_offset + _LOCAL.size + name_bytes + extra_bytes)


def _check_places(members: list[Member], directory: int) -> None:
    """Files that share bytes unpack to far more than the archive holds."""
    ends = [member.info.header_offset for member in members[1:]] + [directory]
    if any(member.end > end for member, end in zip(members, ends, strict=True)):
        refuse("its files overlap, or reach beyond its end")


def _check_readable(info: zipfile.ZipInfo) -> None:
    if info.flag_bits & (_ENCRYPTED | _MASKED):
        refuse("its file is encrypted")
    if info.flag_bits & _PATCH or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        method = _METHODS.get(info.compress_type, f"method {info.compress_type}")
        refuse(f"its file is compressed with {method}; only stored and deflate are read")


def _content(file: IO[bytes], member: Member) -> Iterator[bytes]:
    packed = _slice(file, member)
    if member.info.compress_type == zipfile.ZIP_STORED:
        yield from packed
    elif (yield from inflated(packed, RAW)) or next(packed, b""):
        refuse("its file is packed into fewer bytes than its directory says")


def _slice(file: IO[bytes], member: Member) -> Iterator[bytes]:
    file.seek(member.start)
    left = member.info.compress_size
    while left and (chunk := file.read(min(CHUNK, left))):
        left -= len(chunk)
        yield chunk


def _checked(chunks: Iterator[bytes], info: zipfile.ZipInfo) -> Iterator[bytes]:
    """The chunks; refuses where their number or CRC is not what the directory says."""
    size = crc = 0
    for chunk in chunks:
        size, crc = size + len(chunk), zlib.crc32(chunk, crc)
        if size > info.file_size:
            break
        yield chunk
    if size != info.file_size:
        refuse(f"its file has another size than its directory says, {info.file_size:,} bytes")
    if crc != info.CRC:
        refuse("its file has a wrong CRC")
