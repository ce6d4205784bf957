"""What the doctor says of processes, due work, schedules and dead letters."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from arxos.doctor.checks.letters import ScheduleFacts
from arxos.doctor.checks.processes import DutyFacts
from arxos.domain.jobs.relay import RelayState
from arxos.domain.jobs.schedule import Entry, Schedule
from arxos.domain.jobs.slots import Rhythm
from arxos.domain.jobs.untaken import Untaken
from arxos.storage.letter_facts import LetterFacts
from arxos.storage.process_facts import LivingProcess
from arxos.storage.work_facts import DueJobs, WorkFacts
from tests.unit.doctor_checks import findings, verdict

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
WORKER = LivingProcess("cpu@a:1:x", "cpu", "1.0", 3600.0, 0.0, ("geometry",), {"building.index_geometry": 1})
RELAY = LivingProcess("relay@a:2:x", "relay", "1.0", 3600.0, 0.0)
DUE = DueJobs("geometry", "building.index_geometry", 1, 3, 3, 0, 5.0, 0.0, 5.0, 0.0)
BUSY = WorkFacts((DUE,), (WORKER, RELAY), {}, {}, ())
LETTERS = LetterFacts(0, 0, 7, None, (), 0, None)
DUTIES = DutyFacts(RelayState(1, 0.5), 1, 0.5, 2)


def due(**fields: Any) -> WorkFacts:
    return replace(BUSY, due=(replace(DUE, **fields),))


@pytest.mark.parametrize("check", ["consumers", "stalled", "paused", "waiting", "held", "contracts"])
def test_work_that_is_done_in_time_is_fine(check: str) -> None:
    assert verdict(f"queues.{check}", BUSY).startswith("ok")
    assert verdict(f"queues.{check}", replace(BUSY, due=())).startswith("ok")


def test_due_work_that_nobody_consumes_is_an_error() -> None:
    found = findings("queues.consumers", replace(BUSY, living=(RELAY,)))
    assert [(one.severity, one.subject) for one in found] == [("error", "geometry")]
    assert found[0].seen.startswith("3 jobs are due in queue geometry, and no living worker")


def test_what_is_paused_wants_no_consumer_and_is_told_of_as_paused() -> None:
    by_queue = replace(BUSY, living=(RELAY,), paused_queues={"geometry": "ann"})
    by_kind = replace(BUSY, living=(RELAY,), paused_kinds={DUE.kind: "bob", "probe.noop": "bob"})
    for facts, says in ((by_queue, "queue geometry is paused by ann"), (by_kind, f"kind {DUE.kind} is paused by bob")):
        assert verdict("queues.consumers", facts).startswith("ok")
        assert verdict("queues.paused", facts) == f"warning: {says}; 3 due jobs wait"


@pytest.mark.parametrize(("age", "severity"), [(60.0, "info"), (3700.0, "warning")])
def test_what_limits_hold_back_is_told_of_and_counts_nowhere_else(age: float, severity: str) -> None:
    facts = due(count=0, held=7, oldest_s=0.0, oldest_published_s=0.0, oldest_held_s=age)
    assert verdict("queues.held", facts).startswith(f"{severity}: limits hold 7 due jobs of queue geometry back")
    assert verdict("queues.waiting", facts).startswith("ok")
    assert verdict("queues.consumers", replace(facts, living=())).startswith("ok")
    paused = replace(facts, paused_kinds={DUE.kind: "bob"})
    assert verdict("queues.held", paused).startswith("ok")
    assert verdict("queues.paused", paused).endswith("7 due jobs wait")


def test_idle_workers_that_are_not_reached_are_an_error_that_names_them() -> None:
    (found,) = findings("queues.stalled", replace(BUSY, untaken=(Untaken("geometry", 3, 90.0, ("cpu@a:1:x",)),)))
    assert (found.severity, found.subject) == ("error", "geometry")
    assert found.seen.startswith("3 jobs are due in queue geometry and published, but not claimed for 90 s")
    assert "ARXOS_BROKER_URL" in found.advice
    assert found.advice.endswith("restart cpu@a:1:x")


@pytest.mark.parametrize(("age", "severity"), [(120.0, "ok"), (121.0, "warning"), (300.0, "warning"), (301.0, "error")])
def test_the_oldest_due_job_of_a_queue_is_told_of(age: float, severity: str) -> None:
    assert verdict("queues.waiting", due(oldest_s=age)).startswith(f"{severity}:")


def test_jobs_that_are_too_new_for_all_or_some_workers_are_told_of() -> None:
    newer = replace(WORKER, id="cpu@b:1:x", contracts={DUE.kind: 2})
    facts = due(contract=2)
    assert verdict("queues.contracts", facts).endswith("need contract 2, and no living worker there can read it")
    assert verdict("queues.contracts", facts).startswith("error")
    mixed = replace(facts, living=(WORKER, newer))
    assert verdict("queues.contracts", mixed).endswith("need contract 2, which cpu@a:1:x cannot read")
    assert verdict("queues.contracts", replace(facts, living=(newer,))).startswith("ok")


def test_a_kind_that_no_worker_knows_is_told_of() -> None:
    assert verdict("queues.contracts", due(kind="probe.noop")).startswith("error: 3 probe.noop in queue geometry need")


def test_jobs_that_were_parked_until_somebody_can_read_them_are_told_of() -> None:
    assert verdict("queues.contracts", due(contract=2, count=0)).startswith("error: 3 building.index_geometry")


@pytest.mark.parametrize(("age", "severity"), [(9.0, "ok"), (11.0, "warning"), (61.0, "error")])
def test_a_relay_that_lags_is_told_of(age: float, severity: str) -> None:
    assert verdict("relay.lagging", due(oldest_unpublished_s=age, oldest_published_s=0.0)).startswith(f"{severity}:")


def test_a_full_queue_is_no_lag_and_a_dead_relay_is_another_finding() -> None:
    assert verdict("relay.lagging", due(oldest_unpublished_s=500.0, oldest_published_s=1.0)).startswith("ok")
    dead = replace(due(oldest_unpublished_s=500.0, oldest_published_s=0.0), living=(WORKER,))
    assert verdict("relay.lagging", dead).startswith("ok")


def test_relays_that_are_dead_or_in_trouble_are_told_of() -> None:
    assert verdict("relay.alive", DUTIES) == "ok: 1 relay is alive"
    assert verdict("relay.alive", replace(DUTIES, relays=RelayState(0))) == "warning: no relay is alive"
    assert verdict("relay.alive", replace(DUTIES, relays=RelayState(0, 30.0, waiting=4))).startswith(
        "error: no relay is"
    )
    full = RelayState(1, 1.0, "the broker is full (OOM)", 12.0, 4)
    assert verdict("relay.trouble", replace(DUTIES, relays=full)).startswith("error: the relay cannot publish for 12 s")
    assert verdict("relay.trouble", DUTIES).startswith("ok")


def test_a_missing_beat_matters_where_there_are_schedules() -> None:
    assert verdict("beat.alive", DUTIES) == "ok: 1 beat is alive"
    assert verdict("beat.alive", replace(DUTIES, beats=0, beat_silent_s=40.0)).startswith(
        "error: no beat is alive, the la"
    )
    assert verdict("beat.alive", replace(DUTIES, beats=0, schedules=0)).startswith("info")


def schedule(late_s: float = -10.0, **fields: Any) -> ScheduleFacts:
    """An hourly entry whose next slot is late by so many seconds."""
    done_until, now = NOW - timedelta(hours=1), NOW + timedelta(seconds=late_s)
    entry = Entry("hourly", "probe.noop", Rhythm(every_s=3600))
    return ScheduleFacts((Schedule(entry, "operator", done_until, done_until, **fields),), now)


def test_schedules_in_error_are_told_of() -> None:
    assert verdict("schedules.errors", schedule(error="no job kind 'x'")) == "error: schedule hourly: no job kind 'x'"
    assert verdict("schedules.errors", schedule()).startswith("ok")


@pytest.mark.parametrize(("late_s", "severity"), [(-10.0, "ok"), (50.0, "ok"), (70.0, "warning"), (3000.0, "error")])
def test_late_schedules_are_told_of(late_s: float, severity: str) -> None:
    assert verdict("schedules.late", schedule(late_s)).startswith(f"{severity}:")
    assert verdict("schedules.late", schedule(late_s, paused_at=NOW)).startswith("ok")


@pytest.mark.parametrize(("dead", "severity"), [(0, "ok"), (1, "warning"), (20, "warning"), (21, "error")])
def test_dead_letters_of_the_last_hour_are_told_of(dead: int, severity: str) -> None:
    facts = replace(LETTERS, dead=dead, commonest="probe.fail: PermanentError")
    assert verdict("dead.recent", facts).startswith(f"{severity}:")


def test_poison_and_refused_messages_are_told_of() -> None:
    assert verdict("dead.poison", LETTERS).startswith("ok")
    poison = replace(LETTERS, poison=2, poison_kinds=("probe.crash",))
    assert verdict("dead.poison", poison) == "error: 2 jobs killed their workers in the last day: probe.crash"
    assert verdict("quarantine.recent", LETTERS).startswith("ok")
    assert verdict("quarantine.recent", replace(LETTERS, quarantined=3, commonest_reason="not JSON")).endswith(
        "not JSON"
    )


def test_wrong_clocks_are_told_of_one_by_one() -> None:
    wrong = (replace(WORKER, skew_s=3.0), replace(RELAY, skew_s=-40.0), replace(WORKER, id="fine", skew_s=1.0))
    found = findings("processes.clocks", wrong)
    assert [(one.severity, one.subject) for one in found] == [("warning", WORKER.id), ("error", RELAY.id)]
    assert verdict("processes.clocks", (WORKER, RELAY)).startswith("ok: the clocks of 2 processes")
    assert verdict("processes.clocks", (replace(WORKER, skew_s=None),)).startswith("info")


def test_versions_may_differ_for_the_time_of_a_deploy() -> None:
    assert verdict("processes.versions", (WORKER, RELAY)) == "ok: 2 processes of version 1.0"
    newer = replace(RELAY, version="1.1", lives_s=60.0)
    said = "info: versions side by side: 1.0: cpu@a:1:x; 1.1: relay@a:2:x"
    assert verdict("processes.versions", (WORKER, newer)) == said
    assert verdict("processes.versions", (WORKER, replace(newer, lives_s=7200.0))).startswith("warning")
    assert verdict("processes.versions", ()).startswith("info")
