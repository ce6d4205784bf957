"""What follows from what happened: each domain event and the jobs it makes, in the event's own transaction."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from uuid6 import uuid7

from arxos.domain.events import Event, ModelReceived
from arxos.domain.jobs.job import NewJob, OnFailure
from arxos.domain.jobs.submitter import SYSTEM
from arxos.tasks.kind import JobKind
from arxos.tasks.request import JobRequest, new_job

React = Callable[[Event], Iterable[NewJob]]

OF_A_MODEL = ("building.validate", "building.index_geometry")  # side by side
WARM = "building.warm_cache"  # after both


def reactions(kinds: Mapping[str, JobKind[Any]]) -> React:
    """The function that a unit of work calls for each event at commit."""

    def react(event: Event) -> Iterable[NewJob]:
        match event:
            case ModelReceived():
                return _process_model(kinds, event)
            case _:
                return ()

    return react


def _process_model(kinds: Mapping[str, JobKind[Any]], event: ModelReceived) -> Iterable[NewJob]:
    """Validate and index side by side; warm the cache when both have settled, however they ended."""
    model = {"model_id": str(event.model_id)}
    by = event.sender.subject
    first = [
        new_job(kinds, JobRequest(kind=kind, payload=model, submitted_by=by), job_id=uuid7()) for kind in OF_A_MODEL
    ]
    warm = JobRequest(
        kind=WARM,
        payload={"building_id": str(event.building_id)},
        after=tuple(job.id for job in first),
        on_failure=OnFailure.RUN,
        submitted_by=by,
    )
    sender = event.sender
    made = [*first, new_job(kinds, warm)]
    who = sender.principal or SYSTEM
    return [replace(job, request_id=sender.request_id, webhook_id=sender.webhook_id, principal=who) for job in made]
