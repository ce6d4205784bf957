"""Schedules."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from arxos.domain.jobs.schedule import CATCH_UP_LIMIT, JITTER_LIMIT_S, Policy

Name = Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", examples=["nightly"])
Cron = Field(default=None, max_length=200, description="minute hour day month weekday", examples=["30 2 * * 1-5"])
Every = Field(default=None, ge=1, le=10**9, description="an interval in seconds, counted from 1970", examples=[3600])
Zone = Field(max_length=64, description="on whose clock a crontab means its times", examples=["Europe/Berlin"])


class ScheduleView(BaseModel):
    """A schedule, and what became of it."""

    name: str
    kind: str
    payload: dict[str, Any]
    queue: str | None
    priority: int
    cron: str | None
    every_s: int | None
    timezone: str
    policy: Policy = Field(description="what becomes of slots that no beat took in time")
    catch_up: int
    jitter_s: int
    source: str = Field(description="code or operator")
    changed_at: datetime
    changed_by: str | None
    paused: bool
    paused_at: datetime | None
    paused_by: str | None
    next_slot: datetime | None
    last_slot: datetime | None
    lag_s: float = Field(description="for how many seconds a slot has been due that no beat took")
    missed: int
    error: str | None = Field(description="why it is not submitted")
    error_since: datetime | None


class ScheduleList(BaseModel):
    """All of them, by name. `beat_silent_s`: since a beat ticked; null: none did, or long ago."""

    items: list[ScheduleView]
    beat_silent_s: float | None


class ScheduleChange(BaseModel):
    """What is to be different; what is not named stays."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    cron: str | None = Cron
    every_s: int | None = Every
    timezone: str | None = Field(default=None, max_length=64, description="on whose clock a crontab means its times")
    payload: dict[str, Any] | None = None
    queue: str | None = Field(default=None, max_length=100)
    priority: int | None = Field(default=None, ge=-100, le=100)
    policy: Policy | None = None
    catch_up: int | None = Field(default=None, ge=1, le=CATCH_UP_LIMIT)
    jitter_s: int | None = Field(default=None, ge=0, le=JITTER_LIMIT_S)


class NewSchedule(ScheduleChange):
    """A schedule: a kind, and either `cron` or `every_s`."""

    name: str = Name
    kind: str = Field(max_length=200, examples=["building.check_health"])


class Submitted(BaseModel):
    """The job that was submitted."""

    job_id: UUID
