"""Why a job does not run: one test for every sentence."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from arxos.domain.jobs.explain import explain
from arxos.domain.jobs.job import STATES, Job, JobState
from arxos.domain.jobs.limits import Allowance, Scope
from arxos.domain.jobs.snapshot import Crowd, Hold, Pause, Pool, Snapshot

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


ONE = Pool(consumers=1, able=1)
TWO = Pool(consumers=2, able=2, running=2)


def told(job: dict[str, Any], **surroundings: Any) -> str:
    around: dict[str, Any] = {"pool": ONE, "lease_s": 10.0, "republish_s": 10.0} | surroundings
    return explain(Snapshot(NOW, replace(JOB, **job), **around), {"validation": "cpu"})


def held(group: str, allowed: Allowance | None, **facts: Any) -> str:
    return told({}, hold=Hold(group, allowed, **facts))


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
    assert sentence == (
        f"it waits for 1 unfinished job: {UUID(int=2)} (running)."
        " Ask `arxos jobs why` of these; `arxos jobs graph` shows them all."
    )


def test_a_job_blocked_by_many_names_the_first() -> None:
    many = tuple((UUID(int=n), JobState.QUEUED) for n in range(2, 7))
    sentence = told({"state": JobState.BLOCKED, "waiting_for": 5}, waits_for=many)
    assert sentence.startswith("it waits for 5 unfinished jobs: ")
    assert f"{UUID(int=4)} (queued) and 2 more. Ask" in sentence


def test_a_job_blocked_by_nobody_is_a_fault() -> None:
    sentence = told({"state": JobState.BLOCKED, "waiting_for": 2})
    assert sentence == "it is blocked by 2 jobs, but none of them is unfinished: audit the ledger."


def test_a_running_job_names_its_worker_and_progress() -> None:
    job = RUNNING | {"progress": 0.25, "progress_note": "floor 1 of 4"}
    sentence = told(job, worker_silent_s=1.0)
    assert sentence == "it runs as attempt 2 on cpu@host for 90 s at 25% (floor 1 of 4)."


def test_a_running_job_without_progress_says_less() -> None:
    assert told(RUNNING, worker_silent_s=1.0) == "it runs as attempt 2 on cpu@host for 90 s."


def test_a_silent_worker_is_told_and_what_follows() -> None:
    assert told(RUNNING, worker_silent_s=8.2).endswith(
        " Its worker is silent for 8 s: in 2 s it counts as dead, and the job runs elsewhere."
    )
    assert "silent for 12 s: it counts as dead" in told(RUNNING, worker_silent_s=12.0)


def test_a_running_job_that_was_asked_to_stop_says_so() -> None:
    sentence = told(RUNNING | {"cancel_requested_by": "ada", "cancel_reason": "wrong file"}, worker_silent_s=1.0)
    assert sentence.endswith(" ada asked to cancel it (wrong file); its body is told.")


def test_a_worker_without_a_row_is_told() -> None:
    assert told(RUNNING) == "it runs as attempt 2 on cpu@host, which has no row: the sweeper will take it back."


def test_an_early_job_names_its_time() -> None:
    assert told({"available_at": NOW + timedelta(hours=3)}) == (
        f"it is not due until 2026-01-01T15:00:00+00:00, in 3 h (as asked): `arxos jobs retry {ID}` makes it due now."
    )


def test_a_retried_job_names_the_error_it_recovers_from() -> None:
    job = {
        "state": JobState.RETRYABLE,
        "attempt": 3,
        "available_at": NOW + timedelta(seconds=30),
        "error_type": "OSError",
        "error_message": "no space left",
    }
    assert told(job) == (
        "it is not due until 2026-01-01T12:00:30+00:00, in 30 s (retry 3 of 7 after OSError: no space left):"
        f" `arxos jobs retry {ID}` makes it due now."
    )


def test_a_job_redriven_at_a_rate_says_so() -> None:
    job = {"available_at": NOW + timedelta(seconds=30), "error_type": "OSError", "redriven_at": NOW}
    assert "in 30 s (so it was redriven): `arxos jobs retry" in told(job)


def test_a_parked_job_names_what_it_waits_for() -> None:
    note = "waits for a newer worker: there are some that know contract 1 of it"
    assert told({"available_at": NOW + timedelta(seconds=30), "progress_note": note}) == (
        f"it {note}; it is tried again at 2026-01-01T12:00:30+00:00, in 30 s."
        " Deploy the version that it was submitted with."
    )


def test_a_pause_names_who_paused_it_and_the_way_on() -> None:
    queue = Pause(Scope.QUEUE, "validation", "ada", NOW - timedelta(minutes=3), "the disk is full")
    assert told({}, paused=queue) == (
        "its queue validation is paused by ada for 3 min (the disk is full): `arxos queues resume validation`."
    )
    kind = Pause(Scope.KIND, "building.validate", "bob", NOW - timedelta(days=3))
    assert told({}, paused=kind) == (
        "its kind building.validate is paused by bob for 3 days: `arxos kinds resume building.validate`."
    )


def test_a_queue_without_workers_is_told() -> None:
    assert told({}, pool=Pool()) == (
        "no worker consumes its queue validation: start one with `arxos worker --pool cpu`."
    )
    assert "`arxos worker --pool …`" in explain(Snapshot(NOW, JOB))


def test_workers_that_are_too_old_are_told() -> None:
    end = "not know building.validate in the version that it was submitted with: deploy a newer one."
    assert told({}, pool=Pool(consumers=1)) == f"the worker does {end}"
    assert told({}, pool=Pool(consumers=3)) == f"all 3 workers do {end}"


def test_a_concurrency_key_names_who_holds_it() -> None:
    sentence = held("kind:building.validate/b-17", Allowance(per="building"), in_flight=1, holders=(UUID(int=9),))
    assert sentence == (
        f"it is held by the concurrency key building:b-17 of job {UUID(int=9)}: 1 job at once of kind building.validate"
        " for each; `arxos limits set kind building.validate …` changes that."
    )


def test_a_concurrency_key_is_shown_as_it_came() -> None:
    allowed = Allowance(per="payload.key", per_running=2)
    sentence = held("queue:validation/{x}/y", allowed, in_flight=3, holders=(UUID(int=9),))
    assert f"key:{{x}}/y of job {UUID(int=9)} and 2 more: 2 jobs at once of queue validation" in sentence


def test_a_global_limit_names_who_has_its_places() -> None:
    sentence = held("queue:validation", Allowance(running=4), in_flight=4, holders=(UUID(int=9),))
    assert sentence == (
        f"it is held by the limit of 4 jobs at once on queue validation, of which job {UUID(int=9)} and 3 more run or"
        " are about to; `arxos limits set queue validation …` changes that."
    )
    assert held("queue:validation", Allowance(running=0)) == (
        "it is held by the limit of 0 jobs at once on queue validation;"
        " `arxos limits set queue validation …` changes that."
    )


def test_a_rate_names_when_the_next_may_start() -> None:
    assert held("kind:building.validate", Allowance(rate=0.5), in_flight=1, next_start_s=1.26) == (
        "it is held by the rate of 0.5 a second on kind building.validate: the next may start in 1.3 s;"
        " `arxos limits set kind building.validate …` changes that."
    )


def test_a_limit_that_is_gone_or_has_room_again_is_told() -> None:
    assert held("kind:building.validate/x", None) == (
        "it was held by a limit on kind building.validate that is gone: the relay looks at it again at once."
    )
    for allowed in (Allowance(running=4), Allowance(rate=2), Allowance(running=4, per="building")):
        assert "has room now: the relay looks at it again" in held("kind:a", allowed, in_flight=1)
    assert "has room now" in held("kind:a/k", Allowance(per="building"))


def test_a_published_job_tells_since_when_and_what_follows() -> None:
    assert told({"published_at": NOW - timedelta(seconds=4)}, pool=TWO) == (
        "it was published 4 s ago and not claimed yet; 2 workers consume validation, 2 of its jobs run now."
        " The relay will publish it again in 6 s, should its message be lost."
    )
    assert "again as soon as no message in Redis names it" in told({"published_at": NOW - timedelta(seconds=40)})


def test_a_relay_in_trouble_is_told_unless_the_job_is_published() -> None:
    trouble = "no relay is alive: start one with `arxos relay`; 3 due jobs wait"
    assert told({}, relay=trouble) == f"it is due, but {trouble}."
    assert "it was published" in told({"published_at": NOW}, relay=trouble)


def test_a_due_job_names_how_many_go_first() -> None:
    assert told({}, crowd=Crowd(ahead=240), pool=TWO) == (
        "240 due jobs are ahead of it in validation; 2 workers consume validation, 2 of its jobs run now."
    )
    assert told({}, crowd=Crowd(ahead=1)).startswith("1 due job is ahead of it")


def test_a_due_job_with_nobody_ahead_says_what_was_seen() -> None:
    assert told({}) == (
        "it is due and next in its queue validation: the relay publishes it as soon as a message fits;"
        " 1 worker consumes validation, 0 of its jobs run now."
    )


def test_a_submitter_over_its_share_is_told() -> None:
    job = {"submitted_by": "ada"}
    assert told(job, crowd=Crowd(ahead=3, own_in_flight=9, others_in_flight=2, others=2)).startswith(
        "its submitter is over its share: ada has 9 in flight, the 2 others 2, and whoever has the least goes first;"
        " 3 due jobs are ahead"
    )


def test_a_submitter_within_its_share_waits_for_its_turn() -> None:
    sentence = told({}, crowd=Crowd(ahead=3, own_in_flight=1, others_in_flight=8, others=1))
    assert sentence.endswith(" Submitters take turns: who gave no name has 1 in flight, the other one 8.")


def test_a_near_deadline_is_told() -> None:
    assert told({"deadline": NOW + timedelta(seconds=50)}).endswith(
        " Unless it starts within 50 s, its deadline cancels it."
    )
    assert told({"deadline": NOW - timedelta(seconds=1)}).endswith(
        " Its deadline has passed: the sweeper cancels it at once."
    )
    assert "deadline" not in told({"deadline": NOW + timedelta(hours=2)})


@pytest.mark.parametrize("state", STATES)
def test_every_state_has_a_sentence(state: JobState) -> None:
    sentence = told({"state": state})
    assert sentence.endswith(".")
    assert "None:" not in sentence or state is JobState.DEAD


def test_a_pause_goes_before_missing_workers() -> None:
    assert "is paused by" in told({}, paused=Pause(Scope.KIND, "building.validate", "ada", NOW), pool=Pool())
