"""Hard limits of time and memory: a job beyond one is lost, and its process killed with all that it started."""

import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import structlog

from arxos.tasks.kind import JobKind
from arxos.workers.guard import kill_group
from arxos.workers.memory import is_beyond
from arxos.workers.requests import running_requests

Report = Callable[[UUID, str], object]  # (delivery, reason)

log = structlog.get_logger()


@dataclass(slots=True)
class HardLimits:
    """Looks at what runs in this worker's children or threads.

    Celery's own hard limit asks with SIGTERM first, which means "the worker stops": the attempt would be given back.
    """

    kinds: Mapping[str, JobKind[Any]]
    at_most_mb: int | None  # what any kind may use here, whatever it declares; None: only what it declares
    lose: Report
    abandon: Report  # a thread cannot be killed: lose its job and end the worker
    _since: dict[str, float] = field(default_factory=dict)
    _ended: set[str] = field(default_factory=set)

    def enforce(self) -> None:
        """End what is beyond its limits. To be called several times a second."""
        running, now = running_requests(), time.monotonic()
        self._since = {request.id: self._since.get(request.id, now) for request in running}
        self._ended &= self._since.keys()
        for request in running:
            if request.id not in self._ended and (kind := self.kinds.get(request.name)):
                self._look_at(request, kind, now - self._since[request.id])

    def _look_at(self, request: Any, kind: JobKind[Any], seconds: float) -> None:
        in_thread = request.worker_pid == os.getpid()
        if seconds > kind.hard_limit_s:
            self._end(request, f"it went beyond its hard time limit of {kind.hard_limit_s:g} s", in_thread=in_thread)
        elif not in_thread:
            self._look_at_memory(request, kind)

    def _look_at_memory(self, request: Any, kind: JobKind[Any]) -> None:
        limits = (kind.memory_limit_mb, "its kind's"), (self.at_most_mb, "this worker's")
        mb, whose = min(((mb, whose) for mb, whose in limits if mb), default=(None, ""))
        if mb and (used := is_beyond(request.worker_pid, mb)):
            self._end(request, f"it used {used} MB, more than {whose} limit of {mb} MB", in_thread=False)

    def _end(self, request: Any, reason: str, *, in_thread: bool) -> None:
        log.warning("limit_exceeded", delivery=request.id, kind=request.name, reason=reason)
        self._ended.add(request.id)
        with suppress(ValueError):  # no delivery of ours: nothing was claimed by it
            (self.abandon if in_thread else self.lose)(UUID(request.id), f"{reason}, and was killed")
        kill_group(0 if in_thread else request.worker_pid)
