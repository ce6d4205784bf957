"""What a plain Celery producer's message asks for: read as it lies in Redis, believed in nothing."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any
from uuid import UUID

from arxos.domain.errors import ForbiddenError, InvalidError, UnknownKindError
from arxos.domain.jobs.job import NewJob
from arxos.domain.jobs.signatures import Signed, verify
from arxos.domain.jobs.submitter import producer
from arxos.tasks.authorization import authorized
from arxos.tasks.kind import JobKind
from arxos.tasks.registry import find_kind
from arxos.tasks.request import parse_request

LARGEST_BYTES = 1 << 20  # of a message; models are handed in over HTTP
SPECIAL = ("callbacks", "errbacks", "chain", "chord")
WORKFLOW = "chains, chords and callbacks are not known here: submit jobs with `after` over HTTP"


class NotOursError(InvalidError):
    """A message that becomes no job; `task` and `message_id`: what it calls itself, where that can be read."""

    def __init__(self, reason: str, task: str | None = None, message_id: str | None = None) -> None:
        super().__init__(reason)
        self.task = task
        self.message_id = message_id


@dataclass(frozen=True, slots=True)
class Wanted:
    """A job that is asked for; `signed` None: by nobody in particular."""

    job: NewJob
    signed: Signed | None


@dataclass(frozen=True, slots=True)
class Rules:
    """What is taken in: jobs of these kinds, where `allowed` (patterns such as ``building.*``) lists them, too.

    `keys`: secrets by name; with any, messages must be signed.
    """

    kinds: Mapping[str, JobKind[Any]]
    keys: Mapping[str, bytes]
    allowed: Sequence[str]

    def check(self, kind: str) -> None:
        """Raises UnknownKindError; ForbiddenError where the list names no such kind."""
        find_kind(self.kinds, kind)
        if not any(fnmatchcase(kind, pattern) for pattern in self.allowed):
            raise ForbiddenError(f"ingress may not submit {kind}: ARXOS_INGRESS_KINDS does not list it")


def read(raw: bytes, rules: Rules, now: float) -> Wanted:
    """The job that a message asks for. Raises NotOursError with the reason, and no other error, whatever it is."""
    envelope = _json(raw, "it is no JSON")
    headers = envelope.get("headers") if isinstance(envelope, dict) else None
    if not isinstance(headers, dict):
        raise NotOursError("it is no envelope of a message")
    task, message_id = _text(headers.get("task")), _text(headers.get("id"))
    try:
        return _wanted(envelope, headers, rules, now)
    except NotOursError as error:
        raise NotOursError(str(error), task, message_id) from error
    except (InvalidError, UnknownKindError, ForbiddenError) as error:
        raise NotOursError(str(error), task, message_id) from error
    except (ValueError, OverflowError, RecursionError) as error:  # a text that is no Unicode, a number beyond all
        raise NotOursError(f"it cannot be read: {type(error).__name__}", task, message_id) from error


def _wanted(
    envelope: dict[str, Any],
    headers: dict[str, Any],
    rules: Rules,
    now: float,
) -> Wanted:
    if (content := envelope.get("content-type")) != "application/json":
        raise NotOursError(f"its content type is {_text(content) or 'unreadable'}, not application/json")
    kind, job_id = _text(headers.get("task")), _uuid(headers.get("id"))
    if kind is None:
        raise NotOursError("it names no task")
    if job_id is None:
        raise NotOursError("its id is no UUID")
    rules.check(kind)
    payload = _payload(envelope)
    eta, expires = headers.get("eta"), headers.get("expires")
    facts = {"id": str(job_id), "kind": kind, "payload": payload, "eta": eta, "expires": expires}
    signed = verify(rules.keys, headers.get("arxos"), facts, now) if rules.keys else None
    request = {
        "kind": kind,
        "id": str(job_id),
        "idempotency_key": str(job_id),
        "payload": payload,
        **({"run_at": _moment(eta)} if eta is not None else {}),
        **({"deadline": _moment(expires)} if expires is not None else {}),
    }
    by = producer(signed.key_id if signed else None)
    return Wanted(authorized(rules.kinds, parse_request(request), by), signed)


def _payload(envelope: dict[str, Any]) -> dict[str, Any]:
    body = envelope.get("body")
    properties = envelope.get("properties")
    encoding = properties.get("body_encoding") if isinstance(properties, dict) else None
    if isinstance(body, str) and encoding == "base64":
        try:
            body = base64.b64decode(body, validate=True).decode()
        except ValueError as error:
            raise NotOursError("its body cannot be decoded") from error
    parts = _json(body.encode(), "its body is no JSON") if isinstance(body, str) else body
    match parts:
        case [list() as args, dict() as kwargs, embed] if embed is None or isinstance(embed, dict):
            pass
        case _:
            raise NotOursError("its body is not [args, kwargs, embed], as Celery's second protocol has it")
    if args:
        raise NotOursError("it has positional arguments: a payload is given by keywords")
    if any((embed or {}).get(name) for name in SPECIAL):
        raise NotOursError(WORKFLOW)
    return kwargs


def _json(raw: bytes, otherwise: str) -> Any:
    try:
        return json.loads(raw.decode())
    except RecursionError:
        raise NotOursError("it is nested too deeply") from None
    except ValueError:
        raise NotOursError(otherwise) from None


def _moment(value: Any) -> str:
    """Celery writes times of UTC without a zone."""
    text = _text(value)
    if text is None:
        raise NotOursError("its eta or expires is no time")
    return text if text.endswith("Z") or "+" in text[10:] or "-" in text[10:] else f"{text}Z"


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= 200 and value.isprintable() else None


def _uuid(value: Any) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None
