"""What a door hands in: one requested job, before and after it is held against its kind's contract."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from uuid6 import uuid7

from arxos.domain.errors import InvalidPayloadError
from arxos.domain.jobs.job import NewJob, OnFailure
from arxos.tasks.kind import JobKind
from arxos.tasks.queues import known_queue
from arxos.tasks.registry import describe, find_kind, parse_payload

Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class JobRequest(BaseModel):
    """One job as HTTP, the CLI and JSON lines name it. Times carry their zone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Name
    payload: dict[str, Any] = Field(default_factory=dict)
    queue: Name | None = None
    idempotency_key: Name | None = None
    run_at: AwareDatetime | None = None
    deadline: AwareDatetime | None = None
    priority: int = Field(default=0, ge=-100, le=100)
    after: tuple[UUID, ...] = ()
    on_failure: OnFailure = OnFailure.CANCEL
    submitted_by: Name | None = None


def parse_request(raw: Mapping[str, Any] | str | bytes) -> JobRequest:
    """A request from a mapping or JSON text. Raises InvalidPayloadError naming each field that does not fit."""
    try:
        if isinstance(raw, str | bytes):
            return JobRequest.model_validate_json(raw)
        return JobRequest.model_validate(raw)
    except ValidationError as error:
        raise InvalidPayloadError(f"job: {describe(error)}") from error


def new_job(kinds: Mapping[str, JobKind[Any]], request: JobRequest, *, job_id: UUID | None = None) -> NewJob:
    """The request as a job to insert. Raises UnknownKindError, InvalidPayloadError naming field or queue."""
    kind = find_kind(kinds, request.kind)
    payload = parse_payload(kind, request.payload)
    return NewJob(
        id=job_id or uuid7(),
        kind=kind.name,
        queue=known_queue(request.queue) if request.queue else kind.queue,
        payload=payload.model_dump(mode="json"),
        contract=kind.contract,
        policy=kind.policy,
        priority=request.priority,
        batch=kind.batch if kind.light is None or kind.light(payload) else 1,
        run_at=request.run_at,
        deadline=request.deadline,
        idempotency_key=request.idempotency_key,
        submitted_by=request.submitted_by,
        after=request.after,
        on_failure=request.on_failure,
    )
