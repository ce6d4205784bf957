"""`rollup.buildings`: the buildings of a day, counted."""

from datetime import UTC, date, datetime

from arxos.domain.access import Permission
from arxos.domain.errors import InvalidError
from arxos.domain.jobs.limits import Allowance
from arxos.domain.rollups.roll_buildings import roll_buildings
from arxos.tasks.kind import Attempt, Done, Payload, Result, job_kind
from arxos.tasks.moments import MomentOrDay


class RollBuildings(Payload):
    """`bucket`: the day, or a moment of it, in UTC; it must be today. Left out: today."""

    bucket: MomentOrDay | None = None


class BuildingsRolled(Result):
    """Of which day, and how many."""

    day: date
    tenants: int
    buildings: int


@job_kind(
    "rollup.buildings",
    queue="maintenance",
    payload=RollBuildings,
    submit=Permission.ADMINISTER,
    allowed=Allowance(running=1),
    keep_days=30,
    soft_limit_s=1800.0,
    hard_limit_s=1860.0,
)
def rollup_buildings(payload: RollBuildings, attempt: Attempt) -> Done:
    """Count buildings, models, areas, verdicts and health by tenant, as they are now; again replaces the day's.

    The past cannot be counted any more: a bucket that is not today's is refused.
    """
    today = attempt.now().astimezone(UTC).date()
    wanted = payload.bucket.astimezone(UTC).date() if isinstance(payload.bucket, datetime) else payload.bucket
    if wanted not in (None, today):
        raise InvalidError(f"bucket: must be of {today}: buildings are counted as they are now")
    rows = roll_buildings(attempt.ports.unit_of_work, today, attempt.progress)
    return Done(BuildingsRolled(day=today, tenants=len(rows), buildings=sum(row.buildings for row in rows)))
