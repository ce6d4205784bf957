"""Reading the ledger: rows as the domain's values."""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from typing import Any, LiteralString, TypeVar
from uuid import UUID

from arxos.domain.errors import NotFoundError
from arxos.domain.jobs.job import STATES, Act, AttemptRecord, Job, JobState
from arxos.domain.jobs.ledger import JobFilter, Page
from arxos.domain.jobs.listing import Place, bound, place_of
from arxos.storage import job_history
from arxos.storage.database import Connection
from arxos.storage.job_rows import SELECTED, decoded

T = TypeVar("T")

CONDITIONS: dict[str, LiteralString] = {
    "state": "state = %(state)s",
    "kind": "kind = %(kind)s",
    "queue": "queue = %(queue)s",
    "building_id": "building_id = %(building_id)s",
    "error": "strpos(lower(error_type || ': ' || coalesce(error_message, '')), lower(%(error)s)) > 0",
    "submitted_by": "submitted_by = %(submitted_by)s",
    # Versions before settled without one.
    "fingerprint": "(error_fingerprint = %(fingerprint)s OR error_fingerprint IS NULL"
    " AND left(md5(coalesce(error_type, '')), 12) = %(fingerprint)s)",
    "since": "created_at >= %(since)s",
    "until": "created_at < %(until)s",
    "finished_since": "finished_at >= %(finished_since)s",
    "finished_until": "finished_at < %(finished_until)s",
    "before": "id < %(before)s",
    "after": "id > %(after)s",
}

UNKNOWN_STATE: LiteralString = f"state NOT IN ({', '.join(repr(state.value) for state in STATES)})"

# See `arxos.domain.jobs.listing`; the second part reads the index `jobs_named`, by its very words.
FIND: LiteralString = """
(SELECT {columns} FROM jobs WHERE {where} AND id < %(bound)s AND substr(id::text, 15, 1) = '7'
    ORDER BY id DESC LIMIT %(limit)s)
UNION ALL
(SELECT {columns} FROM jobs WHERE {where}
    AND (id >= '04000000-0000-0000-0000-000000000000' OR substr(id::text, 15, 1) <> '7')
    AND (%(moment)s::timestamptz IS NULL OR (created_at, id) < (%(moment)s, %(id)s::uuid))
    ORDER BY created_at DESC, id DESC LIMIT %(limit)s)
"""
ATTEMPTS: LiteralString = """
SELECT job_id, attempt, worker, started_at, finished_at, outcome, error_type, error_message, error_place,
    cpu_s, version, traceback
FROM attempts WHERE job_id = ANY(%s) ORDER BY job_id, attempt
"""
ACTS: LiteralString = """
SELECT job_id, at, actor, action, coalesce(reason, details->>'reason'), source, act_id
FROM operator_actions WHERE job_id = ANY(%s) ORDER BY id
"""
OF_MODEL: LiteralString = """
WITH own AS (
    SELECT id FROM jobs WHERE building_id = (SELECT building_id FROM models WHERE id = %(model_id)s)
        AND payload->>'model_id' = %(model_id)s::text)
SELECT {columns} FROM jobs
WHERE id IN (SELECT id FROM own UNION SELECT job_id FROM job_edges WHERE after_id IN (SELECT id FROM own))
ORDER BY id LIMIT %(limit)s
"""


def get(connection: Connection, job_id: UUID) -> Job:
    """The job with its attempts. Raises NotFoundError."""
    job = get_many(connection, [job_id]).get(job_id)
    if job is None:
        raise NotFoundError(_why_not(connection, job_id))
    return job


def get_many(connection: Connection, ids: Collection[UUID]) -> dict[UUID, Job]:
    """The jobs with their attempts and acts, in three statements however many they are."""
    wanted = [list(ids)]
    attempts, acts = _by_job(connection, ATTEMPTS, AttemptRecord, wanted), _by_job(connection, ACTS, Act, wanted)
    rows = connection.execute(f"SELECT {SELECTED} FROM jobs WHERE id = ANY(%s)", wanted)
    return {row[0]: decoded(row, attempts=attempts(row[0]), acts=acts(row[0])) for row in rows}


def _by_job(
    connection: Connection, query: LiteralString, kind: Callable[..., T], wanted: Sequence[object]
) -> Callable[[UUID], tuple[T, ...]]:
    found: dict[UUID, list[T]] = defaultdict(list)
    for job_id, *values in connection.execute(query, wanted):
        found[job_id].append(kind(*values))
    return lambda job_id: tuple(found.get(job_id, ()))


def _why_not(connection: Connection, job_id: UUID) -> str:
    past = job_history.find(connection, job_id)
    if past is None:
        return f"no job {str(job_id)!r}"
    return f"job '{job_id}' was {past.kind}, {past.state} at {past.finished_at:%Y-%m-%d %H:%M} UTC, and is pruned"


def find(connection: Connection, which: JobFilter, limit: int, before: Place | None) -> Page:
    """Jobs newest first, those before the cursor."""
    moment, job_id = before or (None, None)
    where, values = condition(which)
    values |= {"bound": bound(before), "moment": moment, "id": job_id, "limit": limit + 1}
    rows = connection.execute(FIND.format(columns=SELECTED, where=where), values)
    jobs = sorted(map(decoded, rows), key=_place, reverse=True)
    return Page(tuple(jobs[:limit]), _place(jobs[limit - 1]) if len(jobs) > limit else None)


def _place(job: Job) -> Place:
    return place_of(job.id, job.created_at)


def of_model(connection: Connection, model_id: UUID, limit: int) -> list[Job]:
    """See `Ledger.of_model`."""
    values = {"model_id": model_id, "limit": limit}
    return [decoded(row) for row in connection.execute(OF_MODEL.format(columns=SELECTED), values)]


def count(connection: Connection, which: JobFilter, at_most: int | None = None) -> int:
    """How many there are; stops counting at `at_most`."""
    where, values = condition(which)
    query = f"SELECT count(*) FROM (SELECT FROM jobs WHERE {where} LIMIT %(limit)s) counted"
    rows = connection.execute(query, values | {"limit": at_most}).fetchall()
    return int(rows[0][0])


def condition(which: JobFilter, **more: Any) -> tuple[LiteralString, dict[str, Any]]:
    """The filter, and what of CONDITIONS is named besides, for a statement's WHERE; and the values to give with it."""
    values = {name: getattr(which, name) for name in JobFilter.__slots__} | more
    wanted = [one for name, one in CONDITIONS.items() if values.get(name) is not None]
    if which.state is JobState.UNREADABLE:
        wanted = [one.replace(CONDITIONS["state"], UNKNOWN_STATE) for one in wanted]
    return " AND ".join(wanted) or "true", values
