"""Schedules."""

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from arxos.api.schemas.shared import LATER, MOMENT, SOME_ID
from arxos.domain.jobs.schedule import CATCH_UP_LIMIT, JITTER_LIMIT_S, Policy

Name = Field(
    min_length=1,
    max_length=100,
    pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
    description="what it is called; no other is called so",
    examples=["nightly"],
)
Cron = Field(default=None, max_length=200, description="minute hour day month weekday", examples=["30 2 * * 1-5"])
Every = Field(default=None, ge=1, le=10**9, description="an interval in seconds, counted from 1970", examples=[3600])
Zone = Field(max_length=64, description="on whose clock a crontab means its times", examples=["Europe/Berlin"])


CatchUp = Annotated[int, Field(description="with policy `all`: how many slots are made up for at most", examples=[100])]
Jitter = Annotated[
    int,
    Field(description="each job waits up to so many seconds longer, always the same for a slot", examples=[600]),
]


class ScheduleView(BaseModel):
    """A schedule, and what became of it."""

    name: str = Field(description="what it is called", examples=["nightly"])
    kind: str = Field(description="of its jobs", examples=["building.check_health"])
    payload: dict[str, Any] = Field(description="of its jobs", examples=[{"building_id": SOME_ID}])
    queue: str | None = Field(description="of its jobs; null: the kind's own", examples=["health"])
    priority: int = Field(description="of its jobs, −100 to 100: higher first", examples=[0])
    cron: str | None = Field(
        description="minute hour day month weekday; null: it has an interval", examples=["30 2 * * 1-5"]
    )
    every_s: int | None = Field(
        description="an interval in seconds, counted from 1970; null: it has a crontab", examples=[3600]
    )
    timezone: str = Field(description="on whose clock a crontab means its times", examples=["Europe/Berlin"])
    policy: Policy = Field(description="what becomes of slots that no beat took in time", examples=["latest"])
    catch_up: CatchUp
    jitter_s: Jitter
    source: str = Field(description="`code`: it comes with it; `operator`: somebody added it", examples=["operator"])
    changed_at: datetime = Field(description="when it was added or last changed", examples=[MOMENT])
    changed_by: str | None = Field(description="who did that; null: it is as the code has it", examples=["ada"])
    paused: bool = Field(description="whether nothing is submitted until it is resumed")
    paused_at: datetime | None = Field(description="since when; null: it is not paused", examples=[MOMENT])
    paused_by: str | None = Field(description="who paused it", examples=["ada"])
    next_slot: datetime | None = Field(
        description="the first due time that no beat dealt with, also one that has passed; null: it is paused, or never"
        " due again",
        examples=[LATER],
    )
    last_slot: datetime | None = Field(
        description="the newest due time that a job was submitted for; null: none was", examples=[MOMENT]
    )
    lag_s: float = Field(description="for how many seconds a slot has been due that no beat took", examples=[0.0])
    missed: int = Field(description="slots that no job was submitted for, since it was added", examples=[0])
    error: str | None = Field(description="why it is not submitted", examples=["no job kind 'building.check'"])
    error_since: datetime | None = Field(description="since when; null: nothing is wrong with it", examples=[MOMENT])


class ScheduleList(BaseModel):
    """All of them, by name."""

    items: list[ScheduleView] = Field(description="the schedules")
    beat_silent_s: float | None = Field(
        description="for how many seconds no beat has ticked; null: none ever did, or it was long ago", examples=[0.7]
    )


class ScheduleChange(BaseModel):
    """What is to be different; what is not named stays."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"every_s": 3600}, {"policy": "all", "catch_up": 24}]}
    )

    cron: str | None = Cron
    every_s: int | None = Every
    timezone: str | None = Field(
        default=None,
        max_length=64,
        description="on whose clock a crontab means its times; of a new one: UTC",
        examples=["Europe/Berlin"],
    )
    payload: dict[str, Any] | None = Field(
        default=None, description="of its jobs, by the contract of their kind", examples=[{"building_id": SOME_ID}]
    )
    queue: str | None = Field(
        default=None, max_length=100, description="of its jobs, another than the kind's own", examples=["health"]
    )
    priority: int | None = Field(
        default=None, ge=-100, le=100, description="of its jobs: higher first; of a new one: 0", examples=[0]
    )
    policy: Policy | None = Field(
        default=None, description="what becomes of slots that no beat took in time; of a new one: latest"
    )
    catch_up: int | None = Field(
        default=None,
        ge=1,
        le=CATCH_UP_LIMIT,
        description="with policy `all`: how many slots are made up for at most; of a new one: 100",
        examples=[24],
    )
    jitter_s: int | None = Field(
        default=None,
        ge=0,
        le=JITTER_LIMIT_S,
        description="each job waits up to so many seconds longer, always the same for a slot; of a new one: 0",
        examples=[600],
    )


class NewSchedule(ScheduleChange):
    """A schedule: a kind, and either `cron` or `every_s`."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"name": "hourly", "kind": "audit.cache", "every_s": 3600},
                {
                    "name": "nightly",
                    "kind": "building.check_health",
                    "payload": {"building_id": SOME_ID},
                    "cron": "30 2 * * 1-5",
                    "timezone": "Europe/Berlin",
                },
            ]
        },
    )

    name: str = Name
    kind: str = Field(
        max_length=200, description="of its jobs; `GET /api/kinds` lists them", examples=["building.check_health"]
    )


class Submitted(BaseModel):
    """The job that was submitted."""

    job_id: UUID = Field(description="the job", examples=[SOME_ID])
