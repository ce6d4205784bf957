"""`arxos submit`: one job, or a file of them."""

import itertools
import json
import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, TextIO
from uuid import UUID

import typer

from arxos.app.bootstrap import Runtime
from arxos.app.submitting import submit_all
from arxos.cli import choices
from arxos.cli.operator import submitter
from arxos.cli.progress import bar, job_bars
from arxos.cli.session import session
from arxos.cli.times import At
from arxos.domain.errors import (
    ArxosError,
    InvalidError,
    OfOneJob,
    OverloadedError,
    PermanentError,
    UnavailableError,
    UnknownKindError,
    UnknownPredecessorError,
)
from arxos.domain.jobs.job import FINAL, Job, JobState, NewJob, OnFailure
from arxos.tasks.authorization import authorized
from arxos.tasks.request import parse_request

CHUNK = 10_000  # jobs in one transaction


def submit(
    kind: Annotated[
        str | None,
        typer.Argument(metavar="[KIND]", help="The job kind; `arxos kinds` lists them.", autocompletion=choices.kinds),
    ] = None,
    payload: Annotated[str, typer.Option(help="JSON, @FILE, or - for standard input.")] = "{}",
    queue: Annotated[str | None, typer.Option(help="Another than its kind's.", autocompletion=choices.queues)] = None,
    key: Annotated[
        str | None, typer.Option(help="Idempotency key: repeated, the same request gives the same job.")
    ] = None,
    at: At = None,
    priority: Annotated[int, typer.Option(help="Higher goes first; -100 to 100.")] = 0,
    after: Annotated[
        list[str] | None,
        typer.Option(metavar="ID[:run]", help="Wait for this job (:run: also if it fails); may be repeated."),
    ] = None,
    as_: Annotated[str | None, typer.Option("--as", help="Who submits.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the end; exit 1 unless it succeeded.")] = False,
    jsonl: Annotated[str | None, typer.Option(help="A file of jobs, one JSON object a line, or - for stdin.")] = None,
) -> None:
    """Submit a job, or many; prints the ids.

    Example: arxos submit building.validate --payload '{"model_id": "…"}' --wait
    Example: arxos submit health.sweep --at 2h --priority 10 --key sweep-today
    Example: arxos submit --jsonl jobs.jsonl  # many, one a line
    """
    if (kind is None) == (jsonl is None):
        raise typer.BadParameter("name either a KIND or --jsonl FILE")
    runtime = session()
    if jsonl is not None:
        _submit_lines(runtime, jsonl)
        return
    raw = {
        "kind": kind,
        "payload": read_payload(payload),
        "queue": queue,
        "idempotency_key": key,
        "run_at": at,
        "priority": priority,
        "after": [edge for text in after or [] for edge in _edges(text)],
    }
    by = submitter(as_)
    [job_id] = submit_all(runtime, [authorized(runtime.kinds, parse_request(raw), by)], by)
    print(job_id)
    if wait and watched(runtime, job_id).state is not JobState.SUCCEEDED:
        raise typer.Exit(1)


def insert(runtime: Runtime, jobs: list[NewJob]) -> list[UUID]:
    """Insert in one transaction, as an operator may; returns the ids."""
    return submit_all(runtime, jobs, submitter(None))


def watched(runtime: Runtime, job_id: UUID) -> Job:
    """Wait for the job's end, showing how it goes on stderr."""
    with job_bars() as look:
        return wait_for(runtime, job_id, lambda now: look([now]))


def wait_for(runtime: Runtime, job_id: UUID, look: Callable[[Job], None], every_s: float = 0.05) -> Job:
    """Poll until the job is final, however long that takes; an outage of the database is waited out."""
    while True:
        try:
            with runtime.ports.unit_of_work() as uow:
                job = uow.jobs.get(job_id)
        except UnavailableError:
            time.sleep(1.0)
            continue
        look(job)
        if job.state in FINAL:
            return job
        time.sleep(every_s)
        every_s = min(every_s * 1.2, 1.0)


def read_payload(text: str) -> dict[str, Any]:
    """The payload as an object, from JSON text, ``@FILE`` or ``-``. Raises BadParameter naming line and column."""
    try:
        raw = sys.stdin.read() if text == "-" else Path(text[1:]).read_text() if text.startswith("@") else text
        value = json.loads(raw)
    except OSError as error:
        raise typer.BadParameter(f"payload: cannot read {text[1:]!r}: {error.strerror}") from error
    except ValueError as error:
        raise typer.BadParameter(f"payload: not JSON: {error}") from error
    if not isinstance(value, dict):
        raise typer.BadParameter(f"payload: must be a JSON object, got {type(value).__name__}")
    return value


def _edges(text: str) -> Iterator[dict[str, str]]:
    """Each ``ID``, ``ID:run`` or ``ID:cancel`` of a list with commas or spaces."""
    for edge in text.replace(",", " ").split():
        job_id, _, policy = edge.partition(":")
        try:
            yield {"id": str(UUID(job_id)), "on_failure": OnFailure(policy or OnFailure.CANCEL)}
        except ValueError as error:
            raise typer.BadParameter(f"--after: {edge!r} is no job's id, alone or with :run or :cancel") from error


def _submit_lines(runtime: Runtime, source: str) -> None:
    """Whole chunks are accepted or refused; a refusal names its line, and what was accepted before stays."""
    try:
        with (
            sys.stdin if source == "-" else Path(source).open(encoding="utf-8") as lines,
            bar(_size_bytes(lines), "submitting", counted=False) as act,
        ):
            accepted = 0
            for chunk in chunks(enumerate(lines, 1)):
                ids = _submit_chunk(runtime, chunk, accepted)
                print("\n".join(map(str, ids)))
                accepted += len(chunk)
                act.advance(len(ids), sum(len(line.encode()) for _, line in chunk))
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidError(f"{source}: {error}") from error


def _size_bytes(lines: TextIO) -> int | None:
    """How much there is to read; None for a pipe."""
    try:
        facts = os.fstat(lines.fileno())
    except OSError:
        return None
    return facts.st_size if stat.S_ISREG(facts.st_mode) else None


def chunks(lines: Iterator[tuple[int, str]]) -> Iterator[list[tuple[int, str]]]:
    """Numbered lines in lists of at most CHUNK."""
    while chunk := list(itertools.islice(lines, CHUNK)):
        yield chunk


def _submit_chunk(runtime: Runtime, chunk: list[tuple[int, str]], accepted: int) -> list[UUID]:
    before = f"({accepted} jobs of the lines before were accepted)"
    jobs: dict[int, NewJob] = {}
    for number, line in chunk:
        try:
            if line.strip():
                jobs[number] = _requested(runtime, line)
        except (PermanentError, UnknownKindError) as error:
            raise PermanentError(f"line {number}: {error} {before}") from error
    try:
        return insert(runtime, list(jobs.values()))
    except (PermanentError, OverloadedError) as error:
        raise PermanentError(f"{_place(error, jobs, chunk)}: {error}{_bounds(error, chunk)} {before}") from error


def _requested(runtime: Runtime, line: str) -> NewJob:
    """The job of a line, in whose name the line says."""
    request = parse_request(line)
    return authorized(runtime.kinds, request, submitter(request.submitted_by))


def _place(error: ArxosError, jobs: dict[int, NewJob], chunk: list[tuple[int, str]]) -> str:
    """The line of the job that the refusal is about, else all of them."""
    about = error.job_id if isinstance(error, OfOneJob) else None
    line = next((number for number, job in jobs.items() if job.id == about), None)
    return f"line {line}" if line else f"lines {chunk[0][0]} to {chunk[-1][0]}"


def _bounds(error: ArxosError, chunk: list[tuple[int, str]]) -> str:
    """Whoever names a job of a later chunk should hear that there are chunks."""
    if not isinstance(error, UnknownPredecessorError) or len(chunk) < CHUNK:
        return ""
    return f"; lines {chunk[0][0]} to {chunk[-1][0]} are one transaction and can name no job of a later line"
