"""Where refused messages go: into the log at once, into the ledger's database as soon as it allows."""

import queue
import threading
import time
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import structlog

from arxos.domain.errors import TransientError
from arxos.storage.quarantine import Refused
from arxos.workers.admission import RefusedError, admit

WAITING = 1_000  # refused messages that may wait for the database; of more only the log tells
AT_ONCE = 100
RETRY_S = 1.0

Add = Callable[[Sequence[Refused]], list[bool]]  # says of each whether it was refused; raises TransientError

log = structlog.get_logger()


@dataclass(slots=True)
class Quarantine:
    """Opens messages for the event loop, which it never keeps waiting: a thread of its own writes."""

    kinds: Container[str]
    add: Add
    _waiting: "queue.Queue[Refused]" = field(default_factory=lambda: queue.Queue(WAITING))
    _newer: set[str] = field(default_factory=set)  # kinds that we do not know, and whose jobs the ledger does
    _thread: threading.Thread | None = None

    def open(self, raw: bytes, name: str) -> dict[str, Any]:
        """The envelope of a message of this queue. Raises RefusedError."""
        kind, jobs, envelope = admit(raw, name, self.kinds)
        if kind not in self.kinds and kind not in self._newer:
            self._hand_over(_unknown(kind, jobs, name, len(raw)))
        return envelope

    def refuse(self, name: str, size_bytes: int, why: RefusedError) -> None:
        """Keep note of what came from that queue."""
        one = Refused(name, str(why), size_bytes, why.task, why.message_id, why.shape)
        _tell_of(one)
        self._hand_over(one)

    def _hand_over(self, one: Refused) -> None:
        try:
            self._waiting.put_nowait(one)
        except queue.Full:
            return
        if self._thread is None:  # not before: whatever a worker forks shall not inherit it
            self._thread = threading.Thread(target=self._write, name="quarantine", daemon=True)
            self._thread.start()

    def _write(self) -> None:
        while True:
            batch = [self._waiting.get()]
            while len(batch) < AT_ONCE and not self._waiting.empty():
                batch.append(self._waiting.get())
            self._record(batch)

    def _record(self, batch: Sequence[Refused]) -> None:
        while True:
            try:
                added = self.add(batch)
                break
            except TransientError:
                time.sleep(RETRY_S)
        for one, refused in zip(batch, added, strict=True):
            if one.unless and refused:
                _tell_of(one)
            elif one.unless and one.task:
                self._newer.add(one.task)


def _unknown(kind: str, jobs: Sequence[UUID], name: str, size_bytes: int) -> Refused:
    return Refused(name, "names a kind that is not known here, and no job", size_bytes, kind, unless=tuple(jobs))


def _tell_of(one: Refused) -> None:
    log.warning(
        "message_quarantined",
        queue=one.queue,
        reason=one.reason,
        size_bytes=one.size_bytes,
        task=one.task,
        message_id=one.message_id,
        shape=one.excerpt,
    )
