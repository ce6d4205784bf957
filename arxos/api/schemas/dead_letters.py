"""Dead letters: filters, acts on many, groups."""

from datetime import datetime
from typing import Any, ClassVar, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from arxos.api.schemas.shared import FINGERPRINT, LATER, MOMENT, SOME_ID
from arxos.domain.jobs.bulk import Done
from arxos.domain.jobs.desk import BulkAct, Group
from arxos.domain.jobs.ledger import JobFilter
from arxos.storage.dead_preview import Preview
from arxos.tasks.moments import Moment


class DeadFilter(BaseModel):
    """Which dead letters; all parts that are given must fit, and without any all do."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    kind: str | None = Field(default=None, max_length=200, description="of this kind", examples=["building.validate"])
    queue: str | None = Field(default=None, max_length=200, description="of this queue", examples=["validation"])
    building_id: UUID | None = Field(default=None, description="of this building", examples=[SOME_ID])
    submitted_by: str | None = Field(
        default=None, max_length=200, description="asked for by this one", examples=["shop"]
    )
    error: str | None = Field(
        default=None, max_length=200, description="whose error contains this text, in any case", examples=["no model"]
    )
    fingerprint: str | None = Field(
        default=None, max_length=64, description="of this group of errors", examples=[FINGERPRINT]
    )
    since: Moment | None = Field(
        default=None, description="that died then or later; with its zone", examples=["2026-11-25T00:00:00Z"]
    )
    until: Moment | None = Field(default=None, description="that died before; with its zone", examples=[MOMENT])

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

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"filter": {"fingerprint": FINGERPRINT}, "dry_run": True},
                {"filter": {"kind": "building.validate"}, "rate_per_second": 5, "reason": "the disk has room again"},
            ]
        },
    )

    filter: DeadFilter = Field(description="which; `{}` is all of them")
    dry_run: StrictBool = Field(default=False, description="only tell what would match, and what stands in its way")
    rate_per_second: float | None = Field(
        default=None,
        ge=0.01,
        le=1e6,
        allow_inf_nan=False,
        description="redriven jobs become due so many a second; null: all at once",
        examples=[5.0],
    )
    reason: str | None = Field(
        default=None, max_length=1000, description="recorded with the act", examples=["the disk has room again"]
    )
    drop_deadline: StrictBool = Field(default=False, description="redrive without it what has a deadline that passed")


class BulkDone(BaseModel):
    """What an act came to, or would come to."""

    matched: int = Field(description="how many fit", examples=[52])
    done: int = Field(description="to how many it was done; 0 for a dry run", examples=[52])
    act_id: UUID | None = Field(default=None, description="what can be undone", examples=[SOME_ID])
    due_until: datetime | None = Field(
        default=None, description="when the last redriven job becomes due", examples=[MOMENT]
    )
    undo_until: datetime | None = Field(default=None, description="until when it can be undone", examples=[LATER])
    kinds: dict[str, int] | None = Field(
        default=None, description="of a dry run: by kind", examples=[{"building.validate": 52}]
    )
    queues: dict[str, int] | None = Field(
        default=None, description="of a dry run: by queue", examples=[{"validation": 52}]
    )
    fingerprints: dict[str, int] | None = Field(
        default=None, description="of a dry run: by group of errors", examples=[{FINGERPRINT: 52}]
    )
    samples: list[UUID] | None = Field(
        default=None, description="of a dry run: the newest, at most three", examples=[[SOME_ID]]
    )
    conflicts: dict[str, int] | None = Field(
        default=None,
        description="of a dry run: how many would not simply run: a live job has their place in a limit"
        " (`concurrency`) or their key (`idempotency`), or their `deadline` has passed",
        examples=[{"concurrency": 3, "idempotency": 0, "deadline": 1}],
    )

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

    fingerprint: str = Field(description="of type, place and wording of their error", examples=[FINGERPRINT])
    count: int = Field(description="how many they are", examples=[52])
    kinds: list[str] = Field(description="their job kinds", examples=[["building.validate"]])
    error_type: str | None = Field(description="the error's class", examples=["NotFoundError"])
    error_message: str | None = Field(description="of the newest of them", examples=["no model '7f…'"])
    error_place: str | None = Field(
        description="where in the code the newest was raised: module and function",
        examples=["arxos.storage.model_rows:ModelRows.model"],
    )
    first_died_at: datetime = Field(description="when the first of them died", examples=[MOMENT])
    last_died_at: datetime = Field(description="when the last of them died", examples=[LATER])
    sample: UUID = Field(description="the newest of them", examples=[SOME_ID])

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

    items: list[GroupView] = Field(description="the groups")


class BulkActView(BaseModel):
    """An act on many, as it is recorded."""

    id: UUID = Field(description="the act", examples=[SOME_ID])
    action: str = Field(description="redrive or discard", examples=["redrive"])
    actor: str = Field(description="who", examples=["ada"])
    reason: str | None = Field(description="why", examples=["the disk has room again"])
    source: str | None = Field(description="from where", examples=["cli@node-1"])
    filter: dict[str, Any] = Field(
        description="which dead letters; empty: all that there were", examples=[{"fingerprint": FINGERPRINT}]
    )
    rate: float | None = Field(description="so many a second, as ordered; null: all at once", examples=[5.0])
    done: int = Field(description="to how many it was done", examples=[52])
    started_at: datetime = Field(description="when it began", examples=[MOMENT])
    finished_at: datetime | None = Field(
        description="when it was done; null: it goes on, or was interrupted", examples=[MOMENT]
    )
    undo_until: datetime = Field(description="until when it can be undone", examples=[LATER])
    undone_at: datetime | None = Field(description="when it was undone; null: it was not", examples=[LATER])
    undone_by: str | None = Field(description="who undid it", examples=["ada"])
    undone: int | None = Field(
        description="how many jobs are dead again by that; null: it was not undone", examples=[48]
    )

    @classmethod
    def of(cls, act: BulkAct) -> Self:
        """As callers see it."""
        return cls.model_validate({name: getattr(act, name) for name in cls.model_fields})


class BulkActList(BaseModel):
    """The latest first."""

    items: list[BulkActView] = Field(description="the acts")


class UndoneView(BaseModel):
    """What was undone."""

    act_id: UUID = Field(description="the act", examples=[SOME_ID])
    undone: int = Field(description="how many jobs are dead letters again, as they were", examples=[48])
    left: int = Field(description="how many had started, or somebody acted on since", examples=[4])
