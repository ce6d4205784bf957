"""A job as a row: one list of columns, from which INSERT, SELECT and what a claim returns are made.

Decoding fails no list: what this version cannot read of a row is told in `Job.unreadable`, and something of the
column's type stands in its place. Such rows are left by newer versions, by dumps of older ones, by other programs.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from math import isfinite
from typing import Any, LiteralString

from arxos.domain.jobs.job import STATES, ClaimedJob, Job, JobState, NewJob, OnFailure, Unreadable
from arxos.domain.jobs.retry import RetryPolicy, read_policy
from arxos.storage import ledger_edges
from arxos.storage.principals import PRINCIPAL
from arxos.storage.value_loaders import UnreadableJson, UnreadableMoment


@dataclass(frozen=True, slots=True)
class Column:
    """One column. Each function raises ValueError for what it cannot read.

    `write`: what a new job has there; None: the database's default. `stored`: what INSERT makes of that, in SQL.
    `read`: what SELECT makes of it. `decode`: the value as `Job` has it; None: as it comes. `instead`: what stands for
    one that cannot be read.
    """

    name: LiteralString
    type: LiteralString = "text"
    write: Callable[[NewJob], object] | None = None
    stored: LiteralString = ""
    read: LiteralString = ""
    decode: Callable[[Any], Any] | None = None
    instead: Callable[[Any], Any] = lambda _: None
    is_shown: bool = True


_STATES: Mapping[str, JobState] = {state.value: state for state in STATES}


def _state(text: str) -> JobState:
    if (state := state_of(text)) is JobState.UNREADABLE:
        raise ValueError(f"{text!r:.60} is no state that this version knows")
    return state


def state_of(text: str) -> JobState:
    """The state of a row; UNREADABLE for one that this version does not know."""
    return _STATES.get(text, JobState.UNREADABLE)


def on_failure_of(text: str) -> OnFailure:
    """The policy of an edge; CANCEL, the stricter, for one that this version does not know."""
    return OnFailure.RUN if text == OnFailure.RUN else OnFailure.CANCEL


def _moment(moment: Any) -> Any:
    if isinstance(moment, UnreadableMoment):
        raise ValueError(f"{moment.text!r:.60} is beyond the calendar")  # noqa: TRY004 - as every decoder
    return moment


def _object(value: Any) -> Mapping[str, Any]:
    if isinstance(value, UnreadableJson):
        raise ValueError(value.reason)  # noqa: TRY004
    if not isinstance(value, dict):
        raise ValueError("is no object")  # noqa: TRY004
    return value


def _object_or_none(value: Any) -> Mapping[str, Any] | None:
    return None if value is None else _object(value)


def _finite(value: float | None) -> float | None:
    if value is not None and not isfinite(value):
        raise ValueError("is no finite number")
    return value


@cache
def _policy(policy: RetryPolicy) -> str:
    """A policy as JSON: a kind's jobs all share one."""
    return json.dumps(asdict(policy))


def _in_time(
    name: LiteralString, write: Callable[[NewJob], object] | None = None, stored: LiteralString = ""
) -> Column:
    return Column(name, "timestamptz", write, stored, decode=_moment, instead=lambda moment: moment)


COLUMNS: Sequence[Column] = (
    Column("id", "uuid", lambda job: job.id),
    Column("kind", "text", lambda job: job.kind),
    Column("queue", "text", lambda job: job.queue),
    Column(
        "state",
        "text",
        lambda job: JobState.BLOCKED if job.after else JobState.QUEUED,
        decode=_state,
        instead=lambda _: JobState.UNREADABLE,
    ),
    Column("priority", "smallint", lambda job: job.priority),
    Column(
        "payload", "text", lambda job: json.dumps(job.payload), "payload::jsonb", decode=_object, instead=lambda _: {}
    ),
    Column("policy", "text", lambda job: _policy(job.policy), "policy::jsonb", decode=read_policy, is_shown=False),
    Column("attempt"),
    Column("max_attempts", "int", lambda job: job.policy.max_attempts),
    Column("lost"),
    Column("batch", "smallint", lambda job: job.batch, is_shown=False),
    _in_time("created_at"),
    _in_time("available_at", lambda job: job.run_at, "coalesce(available_at, clock_timestamp())"),
    _in_time("deadline", lambda job: job.deadline),
    _in_time("published_at"),
    _in_time("started_at"),
    _in_time("finished_at"),
    Column("result", decode=_object_or_none),
    Column("error_type"),
    Column("error_message"),
    Column("error_place"),
    Column("error_fingerprint"),
    Column("progress", decode=_finite),
    Column("progress_note"),
    Column("worker"),
    Column("idempotency_key", "text", lambda job: job.idempotency_key),
    Column("submitted_by", "text", lambda job: job.submitted_by),
    Column("principal", "text", lambda job: job.principal, read=PRINCIPAL),
    Column("on_failure", "text", ledger_edges.common_policy, is_shown=False),
    Column("trace", "text", lambda job: job.trace, is_shown=False),
    Column("contract", "smallint", lambda job: job.contract, is_shown=False),
    Column("request_id", "text", lambda job: job.request_id),
    Column("webhook_id", "uuid", lambda job: job.webhook_id),
    Column(
        "building_id",
        "uuid",
        lambda job: job.payload.get("building_id"),
        "coalesce(building_id, (SELECT models.building_id FROM models WHERE models.id = model_id))",
    ),
    Column("waiting_for"),
    Column("cancel_requested_by"),
    Column("cancel_reason"),
    Column("original_payload", decode=_object_or_none),
    Column("redriven"),
    _in_time("redriven_at"),
    Column("redriven_by"),
)
# Read by INSERT beside the columns.
BESIDE: Sequence[Column] = (Column("model_id", "uuid", lambda job: job.payload.get("model_id")),)
CLAIMED: Sequence[LiteralString] = (
    *("id", "kind", "queue", "payload", "attempt", "max_attempts", "policy", "submitted_by", "trace", "started_at"),
    "request_id",
)


def as_int(text: LiteralString) -> LiteralString:
    """In SQL, a text that should be a number; NULL for what is none, where a cast would fail for every row."""
    return f"CASE WHEN length({text}) < 10 AND {text} ~ '^[0-9]+$' THEN ({text})::int END"


_MAX_LOST, _MAX_ATTEMPTS = as_int("policy->>'max_lost'"), as_int("policy->>'max_attempts'")
MAX_LOST: LiteralString = f"coalesce({_MAX_LOST}, {RetryPolicy().max_lost})"
MAX_ATTEMPTS: LiteralString = f"coalesce({_MAX_ATTEMPTS}, {RetryPolicy().max_attempts})"

_BY_NAME = {column.name: column for column in COLUMNS}
_WRITTEN = [column for column in COLUMNS if column.write]
_GIVEN = [*_WRITTEN, *BESIDE]
_READ = [column for column in COLUMNS if column.is_shown or column.decode]
_DECODED = [column for column in _READ if column.decode]
_NAMES = [column.name for column in _READ]

INSERT: LiteralString = f"""
INSERT INTO jobs ({", ".join(column.name for column in _WRITTEN)})
SELECT {", ".join(column.stored or column.name for column in _WRITTEN)}
FROM unnest({", ".join(f"%s::{column.type}[]" for column in _GIVEN)})
    AS new ({", ".join(column.name for column in _GIVEN)})
ON CONFLICT DO NOTHING
RETURNING id
"""
SELECTED: LiteralString = ", ".join(
    f"{column.read} AS {column.name}" if column.read else column.name for column in _READ
)
RETURNED: LiteralString = ", ".join(f"jobs.{name}" for name in CLAIMED)


def encoded(jobs: Sequence[NewJob]) -> list[list[object]]:
    """What INSERT takes: a list for each column."""
    return [[column.write(job) for job in jobs] for column in _GIVEN if column.write]


def decoded(row: Sequence[Any], **more: Any) -> Job:
    """A row of SELECTED; `more`: further fields of `Job`."""
    values = dict(zip(_NAMES, row, strict=True))
    unreadable = _decode(values, _DECODED)
    shown = {name: value for name, value in values.items() if _BY_NAME[name].is_shown}
    return Job(**shown, **more, unreadable=unreadable)


def claimed(row: Sequence[Any]) -> ClaimedJob:
    """A row of RETURNED, as its worker gets it; with what it cannot read, it can only be settled."""
    values = dict(zip(CLAIMED, row, strict=True))
    unreadable = _decode(values, [_BY_NAME[name] for name in CLAIMED if _BY_NAME[name].decode])
    policy, most = values["policy"] or RetryPolicy(), values["max_attempts"]
    return ClaimedJob(
        values["id"],
        values["kind"],
        values["queue"],
        values["payload"],
        values["attempt"],
        RetryPolicy(most, policy.base_s, policy.cap_s, policy.max_lost),
        values["submitted_by"],
        values["trace"],
        values["started_at"],
        values["request_id"],
        unreadable,
    )


def _decode(values: dict[LiteralString, Any], columns: Sequence[Column]) -> tuple[Unreadable, ...]:
    """Replace what is stored by what it means; says what could not be read."""
    unreadable: list[Unreadable] = []
    for column in columns:
        stored = values[column.name]
        try:
            assert column.decode is not None
            values[column.name] = column.decode(stored)
        except ValueError as error:
            values[column.name] = column.instead(stored)
            unreadable.append(Unreadable(column.name, str(error)))
    return tuple(unreadable)
