"""What the tessellating child tells its parent, as bytes: raw arrays, copied and not pickled."""

import struct
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

HEADER: Final = struct.Struct("=cQI")  # kind, step id, bytes of vertices
BEGAN, SHAPE, FAILED = b"b", b"s", b"f"


@dataclass(frozen=True, slots=True)
class Began:
    """The child starts on this product (step id)."""

    step: int


@dataclass(frozen=True, slots=True)
class Shape:
    """A product's triangles: (n, 3) float64 metres and (m, 3) int64. None of them: it has no surface."""

    step: int
    vertices: npt.NDArray[np.float64]
    faces: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Failed:
    """The kernel could not make this product."""

    step: int
    reason: str


Packet = Began | Shape | Failed


def pack_began(step: int) -> bytes:
    """`Began` as bytes."""
    return HEADER.pack(BEGAN, step, 0)


def pack_shape(step: int, vertices: bytes, faces: bytes) -> bytes:
    """`Shape` as bytes. `vertices`: doubles, three a vertex; `faces`: 32-bit integers, three a triangle; native."""
    return HEADER.pack(SHAPE, step, len(vertices)) + vertices + faces


def pack_failed(step: int, reason: str) -> bytes:
    """`Failed` as bytes."""
    return HEADER.pack(FAILED, step, 0) + reason.encode(errors="replace")


def unpack(packet: bytes) -> Packet:
    """What the packet says."""
    kind, step, size = HEADER.unpack_from(packet)
    if kind == BEGAN:
        return Began(step)
    if kind == FAILED:
        return Failed(step, packet[HEADER.size :].decode())
    middle = HEADER.size + size
    vertices = np.frombuffer(packet[HEADER.size : middle], dtype=np.float64).reshape(-1, 3)
    faces = np.frombuffer(packet[middle:], dtype=np.int32).reshape(-1, 3).astype(np.int64)
    return Shape(step, vertices, faces)
