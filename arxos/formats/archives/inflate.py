"""Decompression of deflate and gzip as a stream: never more than one chunk of output is held."""

import zlib
from collections.abc import Generator, Iterator
from typing import IO

from arxos.formats.archives.bounds import refuse

CHUNK = 1 << 18
RAW, GZIP = -zlib.MAX_WBITS, zlib.MAX_WBITS + 16  # zlib's words for the wrapping; GZIP checks length and CRC


def inflated(packed: Iterator[bytes], wrapping: int) -> Generator[bytes, None, bytes]:
    """The plain chunks of one stream. Refuses a broken stream, and one that has not ended where `packed` has.

    Returns, as a generator's value, what of the last packed chunk lies behind the stream's end.
    """
    stream = zlib.decompressobj(wrapping)
    for chunk in packed:
        rest = chunk
        while rest and not stream.eof:
            yield _decompressed(stream, rest)
            rest = stream.unconsumed_tail
        if stream.eof:
            yield from _remaining(stream)
            return stream.unused_data
    yield from _remaining(stream)
    if not stream.eof:
        refuse("its compressed data ends too early")
    return b""


def _remaining(stream: "zlib._Decompress") -> Iterator[bytes]:
    """What the decompressor holds back although it has seen all of its input."""
    while plain := _decompressed(stream, stream.unconsumed_tail):
        yield plain


def _decompressed(stream: "zlib._Decompress", packed: bytes) -> bytes:
    try:
        return stream.decompress(packed, CHUNK)
    except zlib.error as error:
        refuse(f"its compressed data is broken: {error}")


def gunzipped(file: IO[bytes], most_members: int) -> Iterator[bytes]:
    """The plain chunks of a gzip file, all members one after the other. Zeros may follow the last one, nothing else."""
    packed = _Pushback(file)
    for _ in range(most_members):
        packed.push((yield from inflated(iter(packed), GZIP)))
        if not packed.starts_with(b"\x1f\x8b"):
            break
    else:
        refuse(f"it has more than {most_members:,} gzip members")
    if any(chunk.strip(b"\0") for chunk in packed):
        refuse("something else follows the end of its gzip data")


class _Pushback:
    """The chunks of a file, and before them what was read too far."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._pushed = b""

    def __iter__(self) -> Iterator[bytes]:
        while chunk := self._next():
            yield chunk

    def push(self, chunk: bytes) -> None:
        self._pushed = chunk + self._pushed

    def starts_with(self, magic: bytes) -> bool:
        if len(self._pushed) < len(magic):
            self._pushed += self._file.read(len(magic))
        return self._pushed.startswith(magic)

    def _next(self) -> bytes:
        chunk, self._pushed = self._pushed or self._file.read(CHUNK), b""
        return chunk
