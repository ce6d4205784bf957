"""Refusals and failures as RFC 9457 problem documents, each with a stable `type`."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.routing import Match
from structlog.stdlib import get_logger

from arxos.api.all_routes import all_routes
from arxos.api.disclosure import public, public_failure
from arxos.api.identity import request_id
from arxos.domain.errors import (
    ArxosError,
    ConflictError,
    ForbiddenError,
    InvalidError,
    InvalidPayloadError,
    KeyReusedError,
    NotFoundError,
    OfOneJob,
    OverloadedError,
    StaleError,
    TransientError,
    UnknownKindError,
)

log = get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
MOST_ERRORS = 100  # parts of a request that are told of
RETRY_S = 2  # when to come again, where nobody knows better


class FieldError(BaseModel):
    """What is wrong with one part of the request."""

    field: str = Field(
        description="where: `payload.model_id`, `query.limit`, `header.If-Match`", examples=["payload.model_id"]
    )
    message: str = Field(description="what is wrong there", examples=["field required"])


class Problem(BaseModel):
    """A refusal or failure (RFC 9457)."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:arxos:problem:not-found",
                    "title": "Not found",
                    "status": 404,
                    "detail": "no job '0192f3c8-0000-7000-8000-000000000000'",
                    "instance": "/api/jobs/0192f3c8-0000-7000-8000-000000000000",
                    "request_id": "5f0c6e0a9d3b4c7f",
                }
            ]
        }
    )

    type: str = Field(description="stable: what programs may rely on; docs/api.md lists them")
    title: str = Field(description="the type in words")
    status: int = Field(description="the HTTP status again")
    detail: str = Field(description="one line that names the thing")
    instance: str = Field(description="the path that was asked for")
    request_id: str = Field(description="as in the answer's X-Request-ID, the job and the logs")
    errors: list[FieldError] | None = Field(default=None, description="each part that is wrong")


TITLES: Mapping[int, tuple[str, str]] = {  # status → the type's last word, the title
    400: ("bad-request", "Bad request"),
    401: ("unauthenticated", "Not signed in"),
    403: ("forbidden", "Not allowed"),
    404: ("not-found", "Not found"),
    405: ("method-not-allowed", "No such method here"),
    408: ("too-slow-sender", "Nothing came for too long"),
    409: ("conflict", "Conflict"),
    412: ("precondition-failed", "Changed meanwhile"),
    413: ("too-large", "Too large"),
    415: ("unsupported-media-type", "Unsupported media type"),
    416: ("range-not-satisfiable", "No such range"),
    422: ("invalid", "Invalid"),
    428: ("precondition-required", "Precondition required"),
    429: ("too-many", "Too many"),
    431: ("headers-too-large", "Headers too large"),
    500: ("internal", "Internal error"),
    501: ("not-implemented", "Not implemented"),
    503: ("unavailable", "Unavailable"),
    504: ("too-slow", "Too slow"),
}


class Refusal(Exception):  # noqa: N818 - it is no error of ours
    """Answer with this problem."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[FieldError] | None = None,
        called: tuple[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.called = called
        self.headers = dict(headers or {})
        self.errors = errors


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For a route's `responses`: the problems that it may answer with; those that every route may are added."""
    return {
        status: {
            "description": TITLES[status][1],
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in statuses
    }


def answer_with_problems(app: FastAPI) -> None:
    """Whatever is raised becomes a problem document."""
    app.add_exception_handler(Refusal, _refusal)
    app.add_exception_handler(ArxosError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def answer_to(request: Request, error: Exception) -> Response:
    """The same for whoever stands before all routes."""
    match error:
        case Refusal():
            return _refusal(request, error)
        case ArxosError():
            return _ours(request, error)
        case HTTPException():
            return _http(request, error)
    return _unexpected(request, error)


def problem(
    path: str,
    status: int,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    errors: Sequence[FieldError] | None = None,
    called: tuple[str, str] | None = None,
) -> Response:
    """The answer itself. `called`: the type's last word and the title, where the status says too little."""
    name, title = called or TITLES.get(status, ("error", "Error"))
    body = Problem(
        type=f"urn:arxos:problem:{name}",
        title=title,
        status=status,
        detail=public_failure(detail) if status >= 500 else public(detail),
        instance=path,
        request_id=request_id(),
        errors=_public(errors) if errors else None,
    )
    return Response(body.model_dump_json(exclude_none=True), status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def _public(errors: Sequence[FieldError]) -> list[FieldError]:
    return [FieldError(field=one.field, message=public(one.message)) for one in errors[:MOST_ERRORS]]


NAMES: Mapping[type[ArxosError], tuple[str, str]] = {  # errors whose type is not their status's
    KeyReusedError: ("idempotency-key-reused", "Idempotency key used before"),
}
STATUSES: Sequence[tuple[type[ArxosError], int]] = (  # the first that fits
    (OverloadedError, 429),
    (UnknownKindError, 422),
    (InvalidError, 422),
    (ForbiddenError, 403),
    (NotFoundError, 404),
    (StaleError, 412),
    (ConflictError, 409),
    (TransientError, 503),
)


def status_of(error: ArxosError) -> int:
    """Which status says this of an error of ours."""
    return next((status for kind, status in STATUSES if isinstance(error, kind)), 500)


def name_of(error: ArxosError) -> tuple[str, str] | None:
    """The problem's type and title, where its status says too little."""
    return NAMES.get(type(error))


def _refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return problem(
        request.url.path, error.status, str(error), headers=error.headers, errors=error.errors, called=error.called
    )


def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, ArxosError)
    status = status_of(error)
    if status >= 500:
        log.warning("request_failed", path=request.url.path, error=str(error))
    wait_s = error.wait_s if isinstance(error, OverloadedError) else RETRY_S
    headers = {"Retry-After": str(max(1, wait_s))} if status in {429, 503} else None
    fields = fields_of(error)
    return problem(request.url.path, status, str(error), headers=headers, errors=fields, called=name_of(error))


def fields_of(error: ArxosError) -> list[FieldError] | None:
    """Each part of the request that an error of ours is about, where it is about any."""
    if isinstance(error, UnknownKindError):
        return [FieldError(field="kind", message=str(error))]
    if isinstance(error, OfOneJob | ForbiddenError):
        return [FieldError(field=error.field, message=str(error))]
    if isinstance(error, InvalidPayloadError):
        return [FieldError(field=place, message=words) for place, words in error.fields.items()]
    return None


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors = [FieldError(field=_place(one["loc"]), message=one["msg"].lower()) for one in error.errors()]
    status = 400 if any(one["type"] == "json_invalid" for one in error.errors()) else 422
    detail = "; ".join(f"{one.field}: {one.message}" for one in errors[:5])
    return problem(request.url.path, status, detail, errors=errors)


def _place(loc: Sequence[str | int]) -> str:
    """``payload.model_id`` for what is in the body, ``query.limit`` for what is not."""
    parts = [str(part).encode(errors="backslashreplace").decode() for part in loc]  # names of fields, as sent
    return ".".join(parts[1:] if parts[0] == "body" and len(parts) > 1 else parts)


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = ", ".join(sorted(_methods(request)))
    return problem(request.url.path, error.status_code, str(error.detail).lower(), headers=headers)


def _methods(request: Request) -> set[str]:
    """All that the path can be asked with: each method is a route of its own."""
    asked = [route for route in all_routes(request.app.routes) if route.matches(request.scope)[0] is not Match.NONE]
    return {method for route in asked for method in route.methods or ()}


def _unexpected(request: Request, error: Exception) -> Response:
    log.error("request_broke", path=request.url.path, exc_info=error)
    return problem(request.url.path, 500, "something broke here; the request's id is in our logs")
