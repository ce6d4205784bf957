"""How it goes: what is wrong first, then the last hour."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from fastapi import Request, Response

from arxos.api.console.chart import chart
from arxos.api.console.pages.queues import LATE_S, depths
from arxos.api.console.rendering import page
from arxos.api.console.routing import console_router
from arxos.api.console.visitors import Looker
from arxos.api.working import Served, in_thread
from arxos.app import operating
from arxos.app.bootstrap import Runtime
from arxos.app.operating import QueueSight
from arxos.domain.jobs.desk import Group
from arxos.domain.jobs.job import JobState
from arxos.domain.jobs.ledger import JobFilter
from arxos.storage.overview import LastHour, last_hour
from arxos.storage.process_facts import LivingProcess, living
from arxos.storage.worker_facts import WorkerFacts

GROUPS = 5
NEEDED = {"relay": "nothing is published, so nothing new starts", "beat": "no schedule submits anything"}

router = console_router("/overview")


@dataclass(frozen=True, slots=True)
class Sight:
    """Everything at one moment."""

    hour: LastHour
    queues: Sequence[QueueSight]
    workers: Sequence[WorkerFacts]
    services: Sequence[LivingProcess]
    dead: Sequence[Group]


@router.get("")
async def show(request: Request, runtime: Served, visitor: Looker) -> Response:
    """What somebody wants to know at three in the morning."""
    sight = await in_thread(request, _look, runtime)
    return page(
        request,
        visitor,
        "overview.html",
        sight=sight,
        chart=chart(sight.hour),
        wrong=list(_wrong(sight)),
        depths=depths(sight.queues),
        roles={
            role: [one for one in sight.services if one.role == role] for role in ("relay", "beat", "api", "ingress")
        },
        busy=sum(len(one.jobs) for one in sight.workers),
        slots=sum(one.slots or 0 for one in sight.workers),
        succeeded=sum(sight.hour.ended.values()),
        died=sum(sight.hour.died.values()),
        late_s=LATE_S,
    )


def _look(runtime: Runtime) -> Sight:
    since = datetime.now(UTC) - timedelta(hours=1)
    with runtime.ports.unit_of_work() as uow:
        dead = uow.desk.groups(JobFilter(state=JobState.DEAD, finished_since=since), GROUPS)
    return Sight(
        last_hour(runtime.database),
        operating.queues(runtime),
        operating.living(runtime),
        living(runtime.database, runtime.settings.lease_s),
        dead,
    )


def _wrong(sight: Sight) -> Sequence[tuple[str, str]]:
    """(where to look, in words), the worst first."""
    roles = {one.role for one in sight.services}
    found = [
        ("/console/queues", f"No {role} is alive: {words}.") for role, words in NEEDED.items() if role not in roles
    ]
    for one in sight.queues:
        counts = one.counts
        waiting = sum(counts.states.get(state, 0) for state in (JobState.QUEUED, JobState.RETRYABLE))
        if waiting and not one.workers:
            found.append(("/console/workers", f"{waiting:,} jobs wait in {counts.queue}, and no worker consumes it."))
        elif counts.paused_by:
            found.append(("/console/queues", f"Queue {counts.queue} was paused by {counts.paused_by}."))
        elif (counts.oldest_due_s or 0) > LATE_S:
            found.append(
                ("/console/queues", f"The oldest due job of {counts.queue} waits {counts.oldest_due_s:,.0f} s.")
            )
    if sight.hour.died:
        found.append(("/console/dead", f"In the last hour {sum(sight.hour.died.values()):,} died."))
    return found
