"""`ledger.prune`: the ledger's live part stays small."""

import time

from arxos.domain.jobs.prune import prune
from arxos.tasks.kind import Attempt, Done, Payload, Result, job_kind

KEEP_S = 30 * 86_400.0  # how long after their end jobs can still be looked up, and their idempotency keys are known
FOR_S = 240.0  # what remains after that is left to the next slot, well before the soft limit of time


class Prune(Payload):
    """No fields."""


class Pruned(Result):
    """How many jobs are gone."""

    pruned: int


@job_kind("ledger.prune", queue="maintenance", payload=Prune)
def prune_ledger(payload: Prune, attempt: Attempt) -> Done:
    """Delete jobs that succeeded or were cancelled more than 30 days ago.

    With a job goes its idempotency key: a client that repeats a request after so long gets a new job. Dead letters
    stay. Idempotent: a repeated attempt goes on where the one before has ended.
    """
    ports = attempt.ports
    pruned = prune(ports.unit_of_work, KEEP_S, for_s=FOR_S, clock=time.monotonic, tell=attempt.progress)
    return Done(Pruned(pruned=pruned))
