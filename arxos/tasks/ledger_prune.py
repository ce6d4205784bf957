"""`ledger.prune`: the ledger's live part stays small."""

import time
from typing import Annotated

from pydantic import Field

from arxos.domain.access import Permission
from arxos.domain.jobs.job import JobState
from arxos.domain.jobs.limits import Allowance
from arxos.domain.jobs.prune import prune
from arxos.domain.jobs.retention import DAY_S, Retention
from arxos.tasks.kind import Attempt, Done, Payload, Result, job_kind
from arxos.tasks.registry import all_kinds

FOR_S = 240.0  # what remains after that is left to the next slot, well before the soft limit of time


# A key is known for a day at least, whatever is asked for: a repeated request is no new job, and a signed message of
# the ingress, which is good for a day at most, cannot come back for a job that was forgotten.
Days = Annotated[float, Field(ge=1, le=36_500)]


class Prune(Payload):
    """For how many days jobs can still be looked up after their end, and their idempotency keys are known.

    `kinds`: days for these, in place of what the kinds say themselves. `history_days`: a line of each stays so long.
    """

    succeeded_days: Days = 30
    cancelled_days: Days = 30
    kinds: dict[str, Days] = Field(default_factory=dict)
    history_days: Days = 400


class Pruned(Result):
    """How many jobs left the ledger, and how many months left its history."""

    pruned: int
    months: int


@job_kind(
    "ledger.prune", queue="maintenance", payload=Prune, submit=Permission.ADMINISTER, allowed=Allowance(running=1)
)
def prune_ledger(payload: Prune, attempt: Attempt) -> Done:
    """Move old jobs that succeeded or were cancelled out of the ledger, and old months out of history.

    With a job goes its idempotency key: a client that repeats a request after so long gets a new job. Dead letters
    stay until somebody redrives or discards them. Idempotent: a repeated attempt goes on where the one before ended.
    """
    report = prune(
        attempt.ports.unit_of_work, _retention(payload), for_s=FOR_S, clock=time.monotonic, tell=attempt.progress
    )
    return Done(Pruned(pruned=report.pruned, months=report.months))


def _retention(payload: Prune) -> Retention:
    own = {name: kind.keep_days for name, kind in all_kinds(probes=True).items() if kind.keep_days is not None}
    return Retention(
        by_state={
            JobState.SUCCEEDED: payload.succeeded_days * DAY_S,
            JobState.CANCELLED: payload.cancelled_days * DAY_S,
        },
        by_kind={name: days * DAY_S for name, days in (own | payload.kinds).items()},
        history_s=payload.history_days * DAY_S,
    )
