"""The port on the operator's desk: acts on dead letters, each recorded with who, when, why and from where."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from arxos.domain.jobs.ledger import JobFilter
from arxos.domain.jobs.operator import Operator


class Action(StrEnum):
    """What is done to dead letters."""

    REDRIVE = "redrive"
    DISCARD = "discard"


@dataclass(frozen=True, slots=True)
class Edit:
    """Another payload for a job, already held against its kind's contract."""

    payload: Mapping[str, Any]
    contract: int = 1
    batch: int = 1


@dataclass(frozen=True, slots=True)
class Order:
    """What to do to all dead letters that fit.

    `rate`: redriven jobs become due so many a second, one after the other. `drop_deadline`: jobs whose deadline has
    passed, or will before they are due, are redriven without one; else they are left alone. `undo_s`: for how many
    seconds after the last job became due the act can be undone.
    """

    action: Action
    which: JobFilter
    by: Operator
    undo_s: float
    rate: float | None = None
    drop_deadline: bool = False


@dataclass(frozen=True, slots=True)
class Opened:
    """A bulk act that has begun; it is about the `matched` jobs that had died by then."""

    id: UUID
    order: Order
    matched: int
    started_at: datetime


@dataclass(frozen=True, slots=True)
class Step:
    """One transaction's part of a bulk act. `last`: the job to go on after; None: nothing was left."""

    done: int
    last: UUID | None = None
    due_until: datetime | None = None  # when the last of them becomes due


@dataclass(frozen=True, slots=True)
class UndoStep:
    """One transaction's part of an undoing. `last`: the act's entry to go on after; None: that was all."""

    undone: int
    last: int | None = None


@dataclass(frozen=True, slots=True)
class BulkAct:
    """A bulk act as it is recorded. `finished_at` None: it goes on, or was interrupted."""

    id: UUID
    action: Action
    actor: str
    reason: str | None
    source: str | None
    filter: Mapping[str, Any]
    rate: float | None
    done: int
    started_at: datetime
    finished_at: datetime | None
    undo_until: datetime
    undone_at: datetime | None = None
    undone_by: str | None = None
    undone: int | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Dead letters of one fingerprint. Message and place are those of `sample`, the newest of them."""

    fingerprint: str
    count: int
    kinds: tuple[str, ...]
    error_type: str | None
    error_message: str | None
    error_place: str | None
    first_died_at: datetime
    last_died_at: datetime
    sample: UUID


class Desk(Protocol):
    """Acts on dead letters, on jobs that wait and on workers, within one transaction."""

    def redrive(self, job_id: UUID, by: Operator, *, edit: Edit | None = None, drop_deadline: bool = False) -> None:
        """Send a dead job round again with a fresh budget of attempts, and with another payload if so wished.

        It keeps its id, its history, and, beside the edited payload, the one that it was submitted with.
        Raises NotFoundError; ConflictError when it is not dead, or its deadline has passed and is not dropped.
        """

    def discard(self, job_id: UUID, by: Operator) -> None:
        """Close a dead job for good. Raises NotFoundError, ConflictError when it is not dead."""

    def retry(self, job_id: UUID, by: Operator) -> None:
        """Make a waiting job due now, which was to be later. Raises NotFoundError; ConflictError where it is not."""

    def groups(self, which: JobFilter, limit: int) -> list[Group]:
        """The dead letters that fit, by fingerprint: the largest groups first, at most `limit` of them."""

    def open(self, act_id: UUID, order: Order) -> Opened:
        """Record the beginning of a bulk act and count what it is about."""

    def step(self, act: Opened, limit: int, *, after: UUID | None, not_before: datetime | None) -> Step:
        """Act on the next `limit` jobs, in order of their ids; those that somebody else acts on are left alone.

        Redriven ones become due from `not_before` on. Raises ConflictError when the act was undone meanwhile.
        """

    def close(self, act_id: UUID) -> BulkAct:
        """Record the end of a bulk act."""

    def begin_undo(self, act_id: UUID, by: Operator) -> BulkAct:
        """Allow nothing more to be done in this act's name. Raises NotFoundError, ConflictError when it is too late."""

    def undo_step(self, act_id: UUID, by: Operator, limit: int, *, after: int) -> UndoStep:
        """Of the act's next `limit` jobs make those dead again, as they were, that have not started since.

        Nor may anybody have acted on them since. Whoever was to wait for such a job is told that it is dead.
        """

    def acts(self, limit: int) -> list[BulkAct]:
        """The latest bulk acts."""

    def drain(self, worker: str, by: Operator) -> None:
        """Have a worker finish what runs, and end: it hears of it with its next heartbeat. Raises NotFoundError.

        Asked again, nothing changes: who asked first stays named.
        """
