"""Jobs that are over become jobs that tell of it."""

from collections.abc import Iterable, Mapping
from typing import Any

from arxos.domain.jobs.job import NewJob
from arxos.domain.jobs.webhooks import Ending
from arxos.domain.ports import OpenUnitOfWork
from arxos.tasks.kind import JobKind
from arxos.tasks.request import JobRequest, new_job

BATCH = 500  # endings of one transaction
KIND = "webhook.deliver"


def tell_endings(unit_of_work: OpenUnitOfWork, kinds: Mapping[str, JobKind[Any]]) -> int:
    """Make a delivery of each ending, in the transaction that forgets it; how many."""
    told = 0
    while True:
        with unit_of_work() as uow:
            endings = uow.webhooks.take(BATCH)
            if endings:
                uow.jobs.insert(list(_deliveries(kinds, endings)))
                uow.commit()
        told += len(endings)
        if len(endings) < BATCH:
            return told


def _deliveries(kinds: Mapping[str, JobKind[Any]], endings: Iterable[Ending]) -> Iterable[NewJob]:
    for ending in endings:
        payload = {
            "webhook_id": str(ending.webhook_id),
            "job_id": str(ending.job_id),
            "state": ending.state,
            "at": ending.at.isoformat(),
        }
        key = f"webhook:{ending.id}"
        yield new_job(kinds, JobRequest(kind=KIND, payload=payload, idempotency_key=key, submitted_by="webhooks"))
