"""Why a job does not run: one test for every sentence."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from arxos.domain.jobs.explain import Snapshot, explain
from arxos.domain.jobs.job import Job, JobState

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
ID = UUID(int=1)
JOB = Job(
    id=ID,
    kind="building.validate",
    queue="validation",
    state=JobState.QUEUED,
    priority=0,
    payload={},
    attempt=0,
    max_attempts=8,
    lost=0,
    created_at=NOW - timedelta(minutes=1),
    available_at=NOW - timedelta(minutes=1),
)
RUNNING: dict[str, Any] = {
    "state": JobState.RUNNING,
    "attempt": 2,
    "worker": "cpu@host",
    "started_at": NOW - timedelta(seconds=90),
}


def told(job: dict[str, Any], **surroundings: Any) -> str:
    return explain(Snapshot(NOW, replace(JOB, **job), **({"consumers": 1} | surroundings)))


def test_a_success_waits_for_nothing() -> None:
    sentence = told({"state": JobState.SUCCEEDED, "attempt": 2})
    assert sentence == "it succeeded at attempt 2; there is nothing to wait for."


def test_a_cancelled_job_names_who_and_why() -> None:
    job = {"state": JobState.CANCELLED, "cancel_requested_by": "ada", "error_message": "wrong file"}
    assert told(job) == "it was cancelled by ada: wrong file."


def test_a_job_cancelled_by_nobody_says_what_is_known() -> None:
    assert told({"state": JobState.CANCELLED}) == "it was cancelled: no reason given."


def test_a_dead_letter_names_its_error_and_the_way_back() -> None:
    job = {"state": JobState.DEAD, "attempt": 8, "error_type": "TimedOutError", "error_message": "took too long"}
    assert told(job) == (
        "it is a dead letter after attempt 8 of 8: TimedOutError: took too long."
        f" Redrive it with `arxos jobs redrive {ID}` once the cause is gone, or discard it."
    )


def test_a_blocked_job_names_whom_it_waits_for() -> None:
    sentence = told({"state": JobState.BLOCKED, "waiting_for": 1}, waits_for=((UUID(int=2), JobState.RUNNING),))
    assert sentence == f"it waits for 1 unfinished jobs: {UUID(int=2)} (running)."


def test_a_job_blocked_by_many_names_the_first() -> None:
    many = tuple((UUID(int=n), JobState.QUEUED) for n in range(2, 7))
    sentence = told({"state": JobState.BLOCKED, "waiting_for": 5}, waits_for=many)
    assert sentence.startswith("it waits for 5 unfinished jobs: ")
    assert sentence.endswith(f"{UUID(int=4)} (queued) and 2 more.")


def test_a_job_blocked_by_nobody_is_a_fault() -> None:
    sentence = told({"state": JobState.BLOCKED, "waiting_for": 2})
    assert sentence == "it is blocked by 2 jobs, but none of them is unfinished: audit the ledger."


def test_a_running_job_names_its_worker_and_progress() -> None:
    job = RUNNING | {"progress": 0.25, "progress_note": "floor 1 of 4"}
    sentence = told(job, worker_silent_s=1.0)
    assert sentence == "it runs as attempt 2 on cpu@host for 90 s at 25% (floor 1 of 4)."


def test_a_running_job_without_progress_says_less() -> None:
    assert told(RUNNING, worker_silent_s=1.0) == "it runs as attempt 2 on cpu@host for 90 s."


def test_a_silent_worker_is_told() -> None:
    assert told(RUNNING, worker_silent_s=8.2).endswith(" Its worker is silent for 8 s.")


def test_a_running_job_that_was_asked_to_stop_says_so() -> None:
    sentence = told(RUNNING | {"cancel_requested_by": "ada"}, worker_silent_s=1.0)
    assert sentence.endswith(" ada asked to cancel it; its body will be told.")


def test_a_worker_without_a_row_is_told() -> None:
    assert told(RUNNING) == "it runs as attempt 2 on cpu@host, which has no row: the sweeper will take it back."


def test_an_early_job_names_its_time() -> None:
    assert told({"available_at": NOW + timedelta(hours=1)}) == "it is not due until 2026-01-01T13:00:00+00:00."


def test_a_retried_job_names_the_error_it_recovers_from() -> None:
    job = {
        "state": JobState.RETRYABLE,
        "attempt": 2,
        "available_at": NOW + timedelta(seconds=30),
        "error_type": "UnavailableError",
    }
    assert told(job) == ("it is not due until 2026-01-01T12:00:30+00:00 (attempt 2 of 8 ended with UnavailableError).")


def test_a_paused_queue_names_who_paused_it_and_the_way_on() -> None:
    sentence = told({}, paused_by="ada")
    assert sentence == "its queue validation is paused by ada: `arxos queues resume validation`."


def test_a_queue_without_workers_is_told() -> None:
    sentence = told({}, consumers=0)
    assert sentence == "no worker consumes its queue validation: start one with `arxos worker --pool …`."


def test_a_published_job_names_its_place() -> None:
    sentence = told({"published_at": NOW - timedelta(seconds=4)}, due_ahead=12)
    assert sentence == "it was published 4 s ago and not claimed yet; 12 due jobs go first."


def test_a_due_job_waits_for_the_relay() -> None:
    assert told({}, due_ahead=3) == "it is due and waits for the relay to publish it; 3 due jobs go first."


@pytest.mark.parametrize("state", JobState)
def test_every_state_has_a_sentence(state: JobState) -> None:
    sentence = told({"state": state})
    assert sentence.endswith(".")
    assert "None:" not in sentence or state is JobState.DEAD


def test_a_pause_goes_before_missing_workers() -> None:
    assert "is paused by" in told({}, paused_by="ada", consumers=0)
