"""What a door hands in: one requested job, before and after it is held against its kind's contract."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StrictInt,
    StringConstraints,
    Tag,
    ValidationError,
    field_validator,
)
from uuid6 import uuid7

from arxos.domain.errors import InvalidPayloadError
from arxos.domain.jobs.desk import Edit
from arxos.domain.jobs.job import After, NewJob, OnFailure
from arxos.domain.storable import check_json, checked_text
from arxos.tasks.kind import JobKind, Payload
from arxos.tasks.moments import Moment
from arxos.tasks.queues import known_queue
from arxos.tasks.registry import describe, find_kind, parse_payload, problems

Name = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(checked_text)]


SOME_ID = "0192f3c8-0000-7000-8000-000000000000"  # in examples
EXAMPLE: dict[str, Any] = {"kind": "building.validate", "payload": {"model_id": SOME_ID}}


class Predecessor(BaseModel):
    """A job to wait for, and what happens when it dies or is cancelled; None: what the request says of all."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: UUID = Field(description="the job to wait for", examples=[SOME_ID])
    on_failure: OnFailure | None = Field(
        default=None, description="what happens when it dies or is cancelled; null: `on_failure` of the request"
    )


def _spelling(value: object) -> str:
    return "edge" if isinstance(value, Mapping | Predecessor) else "id"


Before = Annotated[Annotated[UUID, Tag("id")] | Annotated[Predecessor, Tag("edge")], Discriminator(_spelling)]


class JobRequest(BaseModel):
    """One job as HTTP, the CLI and JSON lines name it. Times carry their zone.

    `id`: the client's own for the job, so that others of the same submission can name it; None: one is made.
    `after`: ids of jobs to wait for, or ``{"id": …, "on_failure": "cancel" | "run"}``; `on_failure` is for the others.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [EXAMPLE]})

    kind: Name = Field(description="the job kind; `GET /api/kinds` lists them", examples=["building.validate"])
    id: UUID | None = Field(
        default=None, description="the client's own for the job; without one, it is made", examples=[SOME_ID]
    )
    payload: dict[str, Any] = Field(
        default_factory=dict,
        description="by the kind's contract",
        examples=[{"model_id": SOME_ID}],
    )
    queue: Name | None = Field(default=None, description="another than the kind's own", examples=["validation"])
    idempotency_key: Name | None = Field(
        default=None,
        description="the submitter's name for the request: repeated with the same kind and payload, it gives the same"
        " job",
        examples=["order-1729"],
    )
    run_at: Moment | None = Field(
        default=None, description="not before; with its zone", examples=["2026-11-25T08:00:00Z"]
    )
    deadline: Moment | None = Field(
        default=None,
        description="cancelled unless it is done by then; with its zone",
        examples=["2026-11-25T20:00:00Z"],
    )
    priority: StrictInt = Field(
        default=0, ge=-100, le=100, description="higher first; worth ten seconds of waiting each", examples=[0]
    )
    after: tuple[Before, ...] = Field(default=(), max_length=10_000, description="the jobs to wait for")
    on_failure: OnFailure = Field(
        default=OnFailure.CANCEL, description="what it does when one that it waits for dies or is cancelled"
    )
    submitted_by: Name | None = Field(
        default=None, description="who asks, recorded; without one, the caller", examples=["shop"]
    )
    webhook_id: UUID | None = Field(default=None, description="whom to tell when it is over", examples=[SOME_ID])

    @field_validator("payload")
    @classmethod
    def _storable_shape(cls, payload: dict[str, Any]) -> dict[str, Any]:
        check_json(payload)
        return payload

    @field_validator("after")
    @classmethod
    def _one_policy_an_edge(cls, after: tuple[Before, ...]) -> tuple[Before, ...]:
        told: dict[UUID, OnFailure | None] = {}
        for one in after:
            edge = one if isinstance(one, Predecessor) else Predecessor(id=one)
            if told.setdefault(edge.id, edge.on_failure) is not edge.on_failure:
                raise ValueError(f"job {edge.id} is named twice, with two policies")
        return after


def parse_request(raw: Mapping[str, Any] | str | bytes) -> JobRequest:
    """A request from a mapping or JSON text. Raises InvalidPayloadError naming each field that does not fit."""
    try:
        if isinstance(raw, str | bytes):
            return JobRequest.model_validate_json(raw)
        return JobRequest.model_validate(raw)
    except ValidationError as error:
        raise InvalidPayloadError(f"job: {describe(error)}", problems(error)) from error


def new_job(kinds: Mapping[str, JobKind[Any]], request: JobRequest, *, job_id: UUID | None = None) -> NewJob:
    """The request as a job to insert. Raises UnknownKindError, InvalidPayloadError naming field or queue."""
    kind = find_kind(kinds, request.kind)
    payload = parse_payload(kind, request.payload)
    return NewJob(
        id=job_id or request.id or uuid7(),
        kind=kind.name,
        queue=known_queue(request.queue) if request.queue else kind.queue,
        payload=payload.model_dump(mode="json"),
        contract=kind.contract,
        defaulted=frozenset(type(payload).model_fields) - payload.model_fields_set,
        policy=kind.policy,
        priority=request.priority,
        batch=_batch(kind, payload),
        run_at=request.run_at,
        deadline=request.deadline,
        idempotency_key=request.idempotency_key,
        submitted_by=request.submitted_by,
        after=tuple(_edge(one) for one in request.after),
        on_failure=request.on_failure,
        webhook_id=request.webhook_id,
    )


def _edge(before: Before) -> UUID | After:
    if isinstance(before, UUID):
        return before
    return After(before.id, before.on_failure) if before.on_failure else before.id


def edited(kinds: Mapping[str, JobKind[Any]], name: str, raw: Mapping[str, Any]) -> Edit:
    """Another payload for a job of this kind. Raises UnknownKindError, InvalidPayloadError naming the field."""
    kind = find_kind(kinds, name)
    payload = parse_payload(kind, raw)
    return Edit(payload.model_dump(mode="json"), kind.contract, _batch(kind, payload))


def _batch(kind: JobKind[Any], payload: Payload) -> int:
    return kind.batch if kind.light is None or kind.light(payload) else 1
