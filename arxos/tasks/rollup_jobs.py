"""`rollup.jobs`: what jobs did, added up."""

from datetime import UTC, date, datetime, time, timedelta

from pydantic import model_validator

from arxos.domain.access import Permission
from arxos.domain.jobs.limits import Allowance
from arxos.domain.rollups.buckets import LENGTH, Grain
from arxos.domain.rollups.roll_jobs import mark, missing, roll_jobs
from arxos.tasks.kind import Attempt, Done, Payload, Result, job_kind
from arxos.tasks.moments import Moment, MomentOrDay


class RollJobs(Payload):
    """Which five-minute buckets: the one that holds `bucket`, or all of that day, or those from `since` to `until`.

    Without any: what is missing, and once more what may have come late.
    """

    bucket: MomentOrDay | None = None
    since: Moment | None = None
    until: Moment | None = None

    @model_validator(mode="after")
    def _one_way(self) -> "RollJobs":
        if (self.since is None) != (self.until is None) or (self.since and self.bucket):
            raise ValueError("either bucket, or since and until, or none of them")
        if self.since and self.until and self.since >= self.until:
            raise ValueError("since must be before until")
        return self


class Rolled(Result):
    """What was added up."""

    since: datetime
    until: datetime
    buckets: int


@job_kind(
    "rollup.jobs",
    queue="maintenance",
    payload=RollJobs,
    submit=Permission.ADMINISTER,
    allowed=Allowance(running=1),
    keep_days=7,
    soft_limit_s=3600.0,
    hard_limit_s=3660.0,
)
def rollup_jobs(payload: RollJobs, attempt: Attempt) -> Done:
    """Add up by kind, queue and outcome what ended, by five minutes, hours and days.

    Idempotent: a bucket that is added up again replaces what was there, unless that counted more.
    """
    unit_of_work = attempt.ports.unit_of_work
    if payload.bucket:
        since, until = _within(payload.bucket)
    elif payload.since and payload.until:
        since, until = payload.since, payload.until
    else:
        since, until = missing(unit_of_work)
    count = roll_jobs(unit_of_work, since, until, attempt.progress)
    if not payload.bucket and not payload.since:
        mark(unit_of_work, until)
    return Done(Rolled(since=since, until=until, buckets=count))


def _within(bucket: date) -> tuple[datetime, datetime]:
    if isinstance(bucket, datetime):
        return bucket, bucket + timedelta(seconds=1)
    midnight = datetime.combine(bucket, time(), UTC)
    return midnight, midnight + LENGTH[Grain.DAY]
