"""Dead letters: filters, acts on many, groups."""

from datetime import datetime
from typing import Any, ClassVar, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from arxos.domain.jobs.bulk import Done
from arxos.domain.jobs.desk import BulkAct, Group
from arxos.domain.jobs.ledger import JobFilter
from arxos.storage.dead_preview import Preview
from arxos.tasks.request import Moment


class DeadFilter(BaseModel):
    """Which dead letters; all parts that are given must fit, and without any all do."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    kind: str | None = Field(default=None, max_length=200, description="of this kind", examples=["building.validate"])
    queue: str | None = Field(default=None, max_length=200, description="of this queue")
    building_id: UUID | None = Field(default=None, description="of this building")
    submitted_by: str | None = Field(default=None, max_length=200, description="asked for by this one")
    error: str | None = Field(default=None, max_length=200, description="whose error contains this text, in any case")
    fingerprint: str | None = Field(default=None, max_length=64, description="of this group of errors")
    since: Moment | None = Field(default=None, description="that died then or later; with its zone")
    until: Moment | None = Field(default=None, description="that died before; with its zone")

    def which(self) -> JobFilter:
        """As the ledger takes it."""
        return JobFilter(
            kind=self.kind,
            queue=self.queue,
            building_id=self.building_id,
            submitted_by=self.submitted_by,
            error=self.error,
            fingerprint=self.fingerprint,
            finished_since=self.since,
            finished_until=self.until,
        )


class BulkOrder(BaseModel):
    """An act on many dead letters."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    filter: DeadFilter = Field(description="which; `{}` is all of them")
    dry_run: StrictBool = Field(default=False, description="only tell what would match, and what stands in its way")
    rate_per_second: float | None = Field(
        default=None, ge=0.01, le=1e6, allow_inf_nan=False, description="redriven jobs become due so many a second"
    )
    reason: str | None = Field(default=None, max_length=1000, description="recorded with the act")
    drop_deadline: StrictBool = Field(default=False, description="redrive without it what has a deadline that passed")


class BulkDone(BaseModel):
    """What an act came to, or would come to."""

    matched: int = Field(description="how many fit")
    done: int = Field(description="to how many it was done; 0 for a dry run")
    act_id: UUID | None = Field(default=None, description="what can be undone")
    due_until: datetime | None = Field(default=None, description="when the last redriven job becomes due")
    undo_until: datetime | None = None
    kinds: dict[str, int] | None = Field(default=None, description="of a dry run: by kind")
    queues: dict[str, int] | None = Field(default=None, description="of a dry run: by queue")
    fingerprints: dict[str, int] | None = Field(default=None, description="of a dry run: by group of errors")
    samples: list[UUID] | None = Field(default=None, description="of a dry run: the newest")
    conflicts: dict[str, int] | None = Field(default=None, description="of a dry run: what stands in the way")

    @classmethod
    def of(cls, done: Done) -> Self:
        """What was done."""
        act = done.act
        return cls(
            matched=done.matched,
            done=done.done,
            act_id=act.id if act else None,
            due_until=done.due_until,
            undo_until=act.undo_until if act else None,
        )

    @classmethod
    def previewed(cls, seen: Preview) -> Self:
        """What would be done."""
        return cls(
            matched=seen.matched,
            done=0,
            kinds=dict(seen.kinds),
            queues=dict(seen.queues),
            fingerprints=dict(seen.fingerprints),
            samples=list(seen.samples),
            conflicts={"concurrency": seen.held_up, "idempotency": seen.same_key, "deadline": seen.late},
        )


class GroupView(BaseModel):
    """Dead letters alike: the same error, but for numbers, ids and names."""

    fingerprint: str
    count: int
    kinds: list[str]
    error_type: str | None
    error_message: str | None = Field(description="of the newest of them")
    error_place: str | None
    first_died_at: datetime
    last_died_at: datetime
    sample: UUID = Field(description="the newest of them")

    @classmethod
    def of(cls, group: Group) -> Self:
        """As callers see it."""
        return cls(
            fingerprint=group.fingerprint,
            count=group.count,
            kinds=list(group.kinds),
            error_type=group.error_type,
            error_message=group.error_message,
            error_place=group.error_place,
            first_died_at=group.first_died_at,
            last_died_at=group.last_died_at,
            sample=group.sample,
        )


class GroupList(BaseModel):
    """The largest groups first."""

    items: list[GroupView]


class BulkActView(BaseModel):
    """An act on many, as it is recorded."""

    id: UUID
    action: str = Field(examples=["redrive"])
    actor: str
    reason: str | None
    source: str | None
    filter: dict[str, Any]
    rate: float | None
    done: int
    started_at: datetime
    finished_at: datetime | None = Field(description="null: it goes on, or was interrupted")
    undo_until: datetime
    undone_at: datetime | None
    undone_by: str | None
    undone: int | None

    @classmethod
    def of(cls, act: BulkAct) -> Self:
        """As callers see it."""
        return cls.model_validate({name: getattr(act, name) for name in cls.model_fields})


class BulkActList(BaseModel):
    """The latest first."""

    items: list[BulkActView]


class UndoneView(BaseModel):
    """What was undone; `left`: jobs that had started, or that somebody acted on since."""

    act_id: UUID
    undone: int
    left: int
