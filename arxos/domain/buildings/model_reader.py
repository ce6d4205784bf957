"""The port on input formats: how the domain opens a model of any format."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from arxos.domain.buildings.findings import ValidationReport
from arxos.domain.buildings.model import BuildingModel

Progress = Callable[[float, str], None]  # (done of 1, what is going on): called often, cheap, may raise to stop


class GeometryState(StrEnum):
    """What became of one product's shape."""

    DONE = "done"
    EMPTY = "empty"  # nothing with an area in plan, or no representation at all
    FAILED = "failed"
    TIMED_OUT = "timed_out"


@dataclass(frozen=True, slots=True)
class Mesh:
    """A product's triangles. `vertices`: (n, 3) float64, metres, model axes. `faces`: (m, 3) vertex indices."""

    global_id: str
    state: GeometryState
    vertices: npt.NDArray[np.float64]
    faces: npt.NDArray[np.int64]
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on the work with one model. Seconds and mebibytes."""

    product_s: float = 60.0
    model_s: float = 3600.0
    memory_mb: int = 4096


class OpenModel(Protocol):
    """One model file, read and understood."""

    def outline(self) -> BuildingModel:
        """Structure and claims, in metres."""

    def validate(self, *, express: bool, progress: Progress) -> ValidationReport:
        """Every check of the format itself: schema, then its normative rules."""

    def meshes(self, limits: Limits, progress: Progress) -> Iterator[Mesh]:
        """The triangles of every product that has a shape (spaces too, openings not), one by one.

        A product that fails, hangs beyond `limits.product_s` or kills its process comes as a Mesh of that state;
        the rest go on.
        """


class ModelReader(Protocol):
    """One input format."""

    name: str  # "ifc"
    suffixes: tuple[str, ...]  # (".ifc", ".ifczip", …), lower case

    def open(self, path: Path, *, checked: bool) -> OpenModel:
        """Open the file. `checked`: verify the whole syntax, too (slower than merely opening).

        Raises ModelRefusedError naming the place: empty, truncated, not of the format, bad syntax, unsupported schema.
        """


def no_progress(done: float, note: str) -> Any:
    """A Progress for callers that do not watch."""
