"""What a job kind is: a name, a contract for its payload, a body, and how it may fail."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from arxos.domain.access import Permission
from arxos.domain.jobs.limits import Allowance
from arxos.domain.jobs.retry import RetryPolicy
from arxos.domain.ports import Ports, UnitOfWork


class Payload(BaseModel):
    """The root of all payloads: unknown fields are refused, values are not bent to fit."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Result(BaseModel):
    """The root of all results: what the ledger keeps of a success."""

    model_config = ConfigDict(frozen=True)


P = TypeVar("P", bound=Payload)
SYSTEM_ONLY: None = None  # of `JobKind.submit`
Effect = Callable[[UnitOfWork], None]


class Attempt(Protocol):
    """What a running body sees of its attempt."""

    @property
    def job_id(self) -> UUID: ...
    @property
    def number(self) -> int:
        """Counted from 1: the fencing token."""

    @property
    def submitted_by(self) -> str | None: ...
    @property
    def ports(self) -> Ports: ...
    def now(self) -> datetime:
        """The database's time, whatever the clock of this machine says."""

    def progress(self, done: float, note: str = "") -> None:
        """Say how far the work is (0 to 1). Cheap, and asks as `check` does."""

    def check(self) -> None:
        """Ask whether to go on: raises CancelledError where the job is cancelled. Very cheap: no database is asked.

        In a child process the same error also comes by itself, wherever the body is, once: clean up, and raise it
        again. A body that goes on is ended after a grace period; one that succeeds all the same has succeeded.
        """


@dataclass(frozen=True, slots=True)
class Done:
    """A body's answer: the result to keep, and what to write in the transaction that settles the attempt.

    The body computes with no transaction open. `effect` runs later, in the fenced transaction: it is quick,
    touches only the unit of work, and may run again if that transaction has to be repeated.
    """

    result: BaseModel | None = None
    effect: Effect | None = None


@dataclass(frozen=True, slots=True)
class JobKind(Generic[P]):
    """One sort of work. `batch` > 1: a light kind, whose due jobs travel many to one message.

    `contract` counts the versions of `payload`: add 1 when payloads are written that the code before would refuse or
    misread. Workers that still run that code leave such jobs alone. `payload` must read the older versions, too.
    """

    name: str
    queue: str
    payload: type[P]
    run: Callable[[P, Attempt], Done]
    submit: Permission | None  # what submitters need; SYSTEM_ONLY: nobody may, the system makes them itself
    batch: int = 1
    light: Callable[[P], bool] | None = None  # whether a job with this payload may share a message; None: every one
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    soft_limit_s: float = 300.0  # then its body sees TimedOutError: by itself in a child, from `progress` in a thread
    hard_limit_s: float = 330.0  # then its process is killed, with all that it started
    # Resident, of its process with all that it started; checked in children only. None: what its worker allows.
    memory_limit_mb: int | None = None
    allowed: Allowance | None = None  # how many at once, how many a second; an operator's own limit goes before it
    keep_days: float | None = None  # how long its jobs can be looked up after their end; None: as long as others
    contract: int = 1
    probe: bool = False  # only with ARXOS_PROBES=1

    @property
    def title(self) -> str:
        """The first line of the body's docstring."""
        return (self.run.__doc__ or self.name).strip().splitlines()[0]


def job_kind(
    name: str, *, queue: str, payload: type[P], submit: Permission | None, **settings: Any
) -> Callable[[Callable[[P, Attempt], Done]], JobKind[P]]:
    """Declare the decorated body as a job kind; `settings` are the remaining fields of JobKind.

    `submit` has no default: a kind that does not say who may submit it cannot be imported.
    """

    def declare(run: Callable[[P, Attempt], Done]) -> JobKind[P]:
        return JobKind(name=name, queue=queue, payload=payload, run=run, submit=submit, **settings)

    return declare
