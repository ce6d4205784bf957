"""What may pass from an execution queue to Celery: messages that name jobs, made anew from the little we read in them.

Anybody who can write to Redis can write anything there. Celery would unpack it, look for its eta, its time limits, its
callbacks, and keep it under an id and a delivery tag that copies share. None of that is the relay's to say: of an
envelope we believe the kind, the job ids and the trace, and each delivery gets an id and a tag of its own.
"""

import base64
import json
import re
from collections.abc import Container, Sequence
from typing import Any
from uuid import UUID, uuid4

LARGEST_BYTES = 1024 * 1024  # the relay's largest message, 200 jobs, has some 12 KB
MOST_JOBS = 1_000
UNKNOWN_KIND = "arxos.unknown_kind"  # the task that sees to jobs whose kind this worker does not know
NAME = re.compile(r"[A-Za-z_][\w.]{0,199}", re.ASCII)
WORD = re.compile(r"[\w./+-]{1,64}", re.ASCII)
TRACE = re.compile(r"[0-9a-f-]{1,100}")
FIELDS = frozenset(
    {"body", "content-encoding", "content-type", "headers", "properties", "task", "id", "args", "kwargs"}
)
LONGEST_SHAPE = 300

Json = Any


class RefusedError(Exception):
    """No message of the relay's. Its parts tell where it may come from, and nothing of what it carries."""

    def __init__(self, reason: str, envelope: Json = None) -> None:
        super().__init__(reason)
        headers = _get(envelope, "headers")
        self.task = _fitting(NAME, _get(headers, "task"))
        self.message_id = _fitting(WORD, _get(headers, "id"))
        self.shape = None if envelope is None else shape(envelope)[:LONGEST_SHAPE]


def admit(raw: bytes, queue: str, kinds: Container[str]) -> tuple[str, list[UUID], dict[str, Any]]:
    """The kind and the jobs that a message of this queue names, and the envelope to hand to Celery.

    Raises RefusedError with the reason. Knows no other error, whatever the bytes are.
    """
    envelope = _parse(raw)
    headers = _get(envelope, "headers")
    if not isinstance(_get(envelope, "properties"), dict) or not isinstance(headers, dict):
        raise RefusedError("no envelope of a message", envelope)
    content = _get(envelope, "content-type")
    if content != "application/json":
        raise RefusedError(
            f"its content type is {_fitting(WORD, content) or 'unreadable'}, not application/json", envelope
        )
    kind = _kind(headers)
    if kind is None:
        raise RefusedError("names no task", envelope)
    if _uuid(headers.get("id")) is None:
        raise RefusedError("its id is no UUID", envelope)
    jobs = _jobs(envelope)
    trace = _fitting(TRACE, headers.get("traceparent"))
    return kind, jobs, _anew(kind, jobs, queue, trace, known=kind in kinds)


def shape(value: Json, depth: int = 3) -> str:
    """What a JSON value is made of, without what is in it: ``{body: text of 9, headers: {task: number}}``."""
    match value:
        case dict():
            ours = [key for key in value if key in FIELDS]
            parts = [f"{key}: {shape(value[key], depth - 1)}" for key in ours] if depth else []
            others = len(value) - len(parts)
            return "{" + ", ".join(parts + [f"{others} more"] * bool(others)) + "}"
        case list():
            first = f", first {shape(value[0], depth - 1)}" if value and depth else ""
            return f"list of {len(value)}{first}"
        case str():
            return f"text of {len(value)}"
        case None:
            return "null"
    return "truth" if isinstance(value, bool) else "number"


def shown(jobs: Sequence[UUID]) -> str:
    """How Flower shows a message's arguments."""
    return str(jobs[0]) if len(jobs) == 1 else f"{len(jobs)} jobs"


def _parse(raw: bytes) -> Json:
    if len(raw) > LARGEST_BYTES:
        raise RefusedError(f"larger than {LARGEST_BYTES} bytes")
    try:
        return json.loads(raw.decode())
    except RecursionError:
        raise RefusedError("nested too deeply") from None
    except ValueError:
        raise RefusedError("no JSON") from None


def _kind(headers: dict[str, Json]) -> str | None:
    # What we passed to Celery ourselves may come back: Redis delivers again what was never acknowledged.
    name = headers.get("shadow") if headers.get("task") == UNKNOWN_KIND else headers.get("task")
    return _fitting(NAME, name)


def _jobs(envelope: Json) -> list[UUID]:
    try:
        body = json.loads(base64.b64decode(envelope.get("body"), validate=True).decode())
    except RecursionError:
        raise RefusedError("its body is nested too deeply", envelope) from None
    except (ValueError, TypeError):
        raise RefusedError("its body cannot be decoded", envelope) from None
    match body:
        case [[list() as names], kwargs, _] if not kwargs and 0 < len(names) <= MOST_JOBS:
            jobs = [_uuid(name) for name in names]
        case _:
            jobs = [None]
    found = [job for job in jobs if job is not None]
    if len(found) < len(jobs):
        raise RefusedError("its arguments are no list of job ids", {**envelope, "body": body})
    return found


def _anew(kind: str, jobs: list[UUID], queue: str, trace: str | None, *, known: bool) -> dict[str, Any]:
    """The envelope as Celery's own producer makes it (task message protocol 2)."""
    delivery = str(uuid4())
    arguments = [[[str(job) for job in jobs]], {}, dict.fromkeys(("callbacks", "errbacks", "chain", "chord"))]
    return {
        "body": base64.b64encode(json.dumps(arguments).encode()).decode(),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {
            "lang": "py",
            "task": kind if known else UNKNOWN_KIND,
            "shadow": None if known else kind,
            "id": delivery,
            "root_id": delivery,
            "parent_id": None,
            "retries": 0,
            "timelimit": [None, None],
            "argsrepr": shown(jobs),
            "kwargsrepr": "{}",
            **({"traceparent": trace} if trace else {}),
        },
        "properties": {
            "correlation_id": delivery,
            "delivery_mode": 2,
            "delivery_info": {"exchange": "", "routing_key": queue},
            "delivery_tag": str(uuid4()),
            "body_encoding": "base64",
            "priority": 0,
        },
    }


def _get(value: Json, key: str) -> Json:
    return value.get(key) if isinstance(value, dict) else None


def _fitting(pattern: "re.Pattern[str]", value: Json) -> str | None:
    return value if isinstance(value, str) and pattern.fullmatch(value) else None


def _uuid(value: Json) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None
