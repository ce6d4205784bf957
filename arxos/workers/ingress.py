"""The ingress: messages of plain Celery producers become jobs, or refusals that somebody can look at."""

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from arxos.app.bootstrap import Runtime
from arxos.app.settings import parse_kinds
from arxos.app.trouble import Trouble
from arxos.domain.errors import InvalidError, OverloadedError, PermanentError, TransientError
from arxos.domain.jobs.submit import submit
from arxos.storage.ingress_queue import IngressQueue, Lying
from arxos.storage.quarantine import QuarantineTable, Refused
from arxos.tasks.queues import INGRESS
from arxos.workers.ingress_message import LARGEST_BYTES, NotOursError, Rules, Wanted, read

BATCH = 200  # messages of one transaction
IDLE_S = 0.05  # between two looks at an empty queue
WAIT_S = 1.0  # while too much is due, or a server is away
TIDY_S = 600.0

log = structlog.get_logger()


@dataclass(slots=True)
class Ingress:
    """Takes messages in. Any number of these may run; each message makes one job."""

    runtime: Runtime
    queue: IngressQueue
    rules: Rules
    stopping: threading.Event = field(default_factory=threading.Event)
    trouble: Trouble = field(default_factory=lambda: Trouble("take_in"))
    _next_tidy: float = 0.0

    def run(self) -> None:
        """Until `stopping` is set; waits out whatever is away."""
        while not self.stopping.is_set():
            try:
                taken = self.step()
            except TransientError as error:
                self.trouble.report(str(error))
                self.stopping.wait(WAIT_S)
            else:
                self.trouble.over()
                if not taken:
                    self._tidy()
                    self.stopping.wait(IDLE_S)

    def step(self) -> int:
        """Take in what lies there, at most a batch; how many messages. Raises TransientError: they are still there."""
        lying = self.queue.oldest(BATCH, LARGEST_BYTES)
        if not lying:
            return 0
        wanted, refused = self._sorted(lying)
        refused += self._submit(wanted)
        if refused:
            QuarantineTable(self.runtime.database).add(refused)
            log.warning("messages_refused", count=len(refused), reason=refused[0].reason)
        self.queue.drop(lying, BATCH)
        return len(lying)

    def _sorted(self, lying: Sequence[Lying]) -> tuple[list[tuple[Lying, Wanted]], list[Refused]]:
        wanted, refused = [], []
        for one in lying:
            try:
                wanted.append((one, self._read(one)))
            except NotOursError as error:
                refused.append(_refused(one, str(error), error.task, error.message_id))
        return wanted, refused

    def _read(self, one: Lying) -> Wanted:
        if one.too_large:
            raise NotOursError(f"it is larger than {LARGEST_BYTES} bytes")
        return read(one.body, self.rules, time.time())

    def _submit(self, wanted: Sequence[tuple[Lying, Wanted]]) -> list[Refused]:
        """All in one transaction; where something is refused, each is tried alone. Returns the refusals."""
        if not wanted:
            return []
        try:
            self._insert([one for _, one in wanted])
        except OverloadedError:
            raise
        except PermanentError as error:
            if len(wanted) == 1:
                [(lying, one)] = wanted
                return [_refused(lying, str(error), one.job.kind, str(one.job.id))]
            return [refusal for pair in wanted for refusal in self._submit([pair])]
        return []

    def _insert(self, wanted: Sequence[Wanted]) -> None:
        with self.runtime.ports.unit_of_work() as uow:
            known = uow.jobs.get_many([one.job.id for one in wanted])
            for one in wanted:
                if one.job.id not in known and one.signed and not uow.nonces.take(one.signed):
                    raise InvalidError("its signature was used before")
            submit(uow, [one.job for one in wanted], self.runtime.settings.backlog_limit)
            uow.commit()

    def _tidy(self) -> None:
        if time.monotonic() >= self._next_tidy:
            self._next_tidy = time.monotonic() + TIDY_S
            with self.runtime.ports.unit_of_work() as uow:
                uow.nonces.forget()
                uow.commit()


def ingress_of(runtime: Runtime, keys: Mapping[str, bytes]) -> Ingress:
    """On this runtime's servers."""
    rules = Rules(runtime.kinds, keys, parse_kinds(runtime.settings.ingress_kinds))
    return Ingress(runtime, IngressQueue(runtime.settings.broker_url, INGRESS), rules)


def _refused(one: Lying, reason: str, task: str | None, message_id: str | None) -> Refused:
    return Refused(INGRESS, reason, one.size_bytes, task, message_id)
