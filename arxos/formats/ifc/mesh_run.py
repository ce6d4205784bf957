"""Gets every product of a model meshed, whatever becomes of the children that do it."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

import numpy as np

from arxos.domain.buildings.model_reader import GeometryState, Limits, Mesh, Progress
from arxos.formats.ifc.isolation import ChildEndedError, IsolatedWork, Send
from arxos.formats.ifc.mesh_packet import Began, Failed, Packet, Shape, unpack

PATIENCE_S: Final = 0.25  # between two looks at whether somebody cancelled
Tessellate = Callable[[Sequence[int], Send], None]  # step ids of products in, packets out


class _SilentError(Exception):
    """The child has not delivered anything for the time a product may take."""


class _OutOfTimeError(Exception):
    """The time for the whole model is over."""


class MeshRun:
    """The work on one model. Products are known by their step ids; `names` gives the global ids of all of them.

    First one child does all of `shaped` in one go, which is fastest. When it ends, dies or hangs, the products that are
    still missing are done by children that announce each, so that the guilty one is known: one that kills a fresh child
    has FAILED, one that takes longer than `limits.product_s` has TIMED_OUT, and the next child goes on behind it.
    What is missing after `limits.model_s` has TIMED_OUT as well.
    """

    def __init__(self, names: dict[int, str], shaped: Iterable[int], limits: Limits, progress: Progress) -> None:
        self._names = names
        self._missing = dict.fromkeys(shaped)
        self._empty = [step for step in names if step not in self._missing]
        self._limits = limits
        self._progress = progress
        self._begun: int | None = None  # announced by the present child and not delivered yet
        self._given = 0  # products that the present child has delivered

    def meshes(self, all_at_once: Tessellate, one_by_one: Tessellate) -> Iterator[Mesh]:
        """One mesh for each product, in no certain order."""
        yield from (self._mesh(step, GeometryState.EMPTY) for step in self._empty)
        deadline = time.monotonic() + self._limits.model_s
        try:
            yield from self._one_child(all_at_once, deadline)
            while self._missing:
                yield from self._one_child(one_by_one, deadline)
                if not self._given:
                    yield from self._give_up(GeometryState.FAILED, "no child process could be made to work")
        except _OutOfTimeError:
            yield from self._give_up(GeometryState.TIMED_OUT, f"the model's {self._limits.model_s:g} s were over")

    def _one_child(self, tessellate: Tessellate, deadline: float) -> Iterator[Mesh]:
        """All that one child delivers, and a verdict on the product over which it died or hung."""
        self._begun, self._given = None, 0
        try:
            for packet in self._packets(tessellate, deadline):
                if (mesh := self._understood(packet)) is not None:
                    yield mesh
        except _SilentError:
            note = f"took longer than {self._limits.product_s:g} s"
            yield from self._blame(GeometryState.TIMED_OUT, note)
        except ChildEndedError as ended:
            yield from self._after_death(str(ended))

    def _packets(self, tessellate: Tessellate, deadline: float) -> Iterator[Packet]:
        todo, total = list(self._missing), len(self._names)
        if not todo:
            return
        with IsolatedWork(lambda send: tessellate(todo, send), memory_mb=self._limits.memory_mb) as child:
            heard = time.monotonic()
            while True:
                done = total - len(self._missing)
                self._progress(done / total, f"{done} of {total} shapes")
                packet = child.receive(PATIENCE_S)
                if time.monotonic() > deadline:
                    raise _OutOfTimeError
                if packet is not None:
                    yield unpack(packet)
                    heard = time.monotonic()  # now, not before: the time of whoever took it is not the child's silence
                elif time.monotonic() - heard > self._limits.product_s:
                    raise _SilentError

    def _understood(self, packet: Packet) -> Mesh | None:
        match packet:
            case Began(step):
                self._begun = step
                return None
            case Shape(step) | Failed(step) if step not in self._missing:
                return None  # a product with two representations is made twice: the first one counts
            case Failed(step, reason):
                return self._settled(self._mesh(step, GeometryState.FAILED, reason), step)
            case Shape(step, vertices, faces):
                state = GeometryState.DONE if len(faces) else GeometryState.EMPTY
                return self._settled(Mesh(self._names[step], state, vertices, faces), step)

    def _after_death(self, how: str) -> Iterator[Mesh]:
        """The product it worked on is guilty only if the child was fresh: memory fills up over many products."""
        if self._begun is not None and self._given:
            self._missing = {self._begun: None} | self._missing  # first in the next child
        else:
            yield from self._blame(GeometryState.FAILED, f"its process was {how}" if "killed" in how else how)

    def _blame(self, state: GeometryState, note: str) -> Iterator[Mesh]:
        if self._begun is not None:
            yield self._settled(self._mesh(self._begun, state, note), self._begun)

    def _settled(self, mesh: Mesh, step: int) -> Mesh:
        self._missing.pop(step, None)
        self._begun = None
        self._given += 1
        return mesh

    def _give_up(self, state: GeometryState, note: str) -> Iterator[Mesh]:
        yield from (self._mesh(step, state, note) for step in self._missing)
        self._missing = {}

    def _mesh(self, step: int, state: GeometryState, note: str | None = None) -> Mesh:
        return Mesh(self._names[step], state, np.empty((0, 3)), np.empty((0, 3), dtype=np.int64), note)
