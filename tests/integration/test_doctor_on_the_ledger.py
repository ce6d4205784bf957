"""What is wrong with processes, work, schedules and dead letters, the doctor reads in the ledger."""

import re
from contextlib import closing

import pytest

from arxos.app.components import Components
from arxos.domain.jobs.explain import explain
from arxos.domain.jobs.job import Capability
from arxos.domain.jobs.limits import Scope
from arxos.domain.jobs.operator import Operator
from arxos.domain.jobs.schedule import Entry
from arxos.domain.jobs.slots import Rhythm
from arxos.storage.blobs import blob_store
from arxos.storage.outbox import Outbox
from arxos.storage.quarantine import QuarantineTable, Refused
from arxos.storage.schedule_acts import ScheduleActs
from tests.builders import QUEUE, delivery
from tests.doctored import Doctored

KIND = "probe.noop"


def test_due_work_without_a_worker_or_a_relay(ill: Doctored) -> None:
    ill.job()
    assert ill.verdict("queues.consumers").startswith("error: 1 job is due in queue maintenance, and no living worker")
    assert ill.verdict("relay.alive").startswith("error: no relay is alive")
    ill.worker()
    ill.service("relay")
    assert ill.verdict("queues.consumers").startswith("ok")
    assert ill.verdict("relay.alive").startswith("ok")
    ill.world.pass_time(3600)  # its heartbeat, too
    assert ill.verdict("queues.consumers").startswith("error")


def test_workers_that_start_nothing_of_what_was_published_for_them(ill: Doctored) -> None:
    ill.worker()
    waiting, other = ill.job(published=True), ill.job(published=True)
    ill.world.pass_time(90)
    ill.worker()
    (found,) = ill.findings("queues.stalled")
    assert (found.severity, found.subject) == ("error", QUEUE)
    ill.world.claim(other, worker="cpu@elsewhere")  # something started: others may be slow, but are not deaf
    assert ill.verdict("queues.stalled").startswith("ok")
    ill.world.pass_time(90)
    ill.worker()
    assert ill.verdict("queues.stalled").startswith("error")
    ill.world.claim(waiting)
    assert ill.verdict("queues.stalled").startswith("ok")


def stuck(ill: Doctored) -> None:
    """Published long ago, and a worker that has lived for as long."""
    ill.worker()
    ill.job(published=True)
    ill.world.pass_time(90)
    ill.worker()


def test_workers_whose_slots_are_taken_are_not_stalled(ill: Doctored) -> None:
    ill.worker()
    long, _ = ill.job(published=True), ill.job(published=True)
    ill.world.claim(long)
    ill.world.pass_time(90)
    ill.worker()
    assert ill.verdict("queues.stalled").startswith("ok")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE workers SET started_at = clock_timestamp()",  # it has only just begun
        "UPDATE workers SET heartbeat_at = clock_timestamp() - interval '1 hour'",  # there is none
        "UPDATE workers SET drain_requested_at = clock_timestamp()",  # it stops
        "UPDATE jobs SET published_at = clock_timestamp()",  # the message is on its way
        "UPDATE jobs SET published_at = NULL",
        "INSERT INTO queue_pauses (queue, paused_by) VALUES ('maintenance', 'ann')",
        "INSERT INTO kind_pauses (kind, paused_by) VALUES ('probe.noop', 'ann')",
        "INSERT INTO attempts (job_id, attempt, started_at, outcome) SELECT id, 1, now(), 'failed' FROM jobs",
    ],
)
def test_workers_with_a_reason_to_start_nothing_are_not_stalled(ill: Doctored, change: str) -> None:
    stuck(ill)
    assert ill.verdict("queues.stalled").startswith("error")
    ill.world.sql(change)
    assert ill.verdict("queues.stalled").startswith("ok")


def test_why_and_health_say_the_same_of_what_is_not_taken(ill: Doctored) -> None:
    stuck(ill)
    (found,) = ill.findings("queues.stalled")
    [(job_id,)] = ill.world.sql("SELECT id FROM jobs")
    said = explain(ill.world.do(lambda ledger: ledger.snapshot(job_id, 10.0)))
    expected = f"it is published, and no worker takes it: {found.seen}; {found.advice}."
    assert without_ages(said) == without_ages(expected)
    with closing(Components(ill.settings, ill.world.database, blob_store(ill.settings.blob_url))) as components:
        part = components.look()["delivery"]
    assert (part.status, part.detail["advice"]) == ("degraded", found.advice)
    assert without_ages(str(part.detail["problem"])) == without_ages(found.seen)


def without_ages(text: str) -> str:
    return re.sub(r"\d+ s\b", "… s", text)


def test_pauses_over_due_work(ill: Doctored) -> None:
    ill.job()
    ill.world.do(lambda ledger: ledger.pause(QUEUE, Operator("ann", "the disk is full"), Scope.QUEUE))
    assert (
        ill.verdict("queues.paused")
        == "warning: queue maintenance is paused by ann (the disk is full); 1 due job waits"
    )
    assert ill.verdict("queues.consumers").startswith("ok")
    ill.world.do(lambda ledger: ledger.resume(QUEUE, Operator("ann")))
    ill.world.do(lambda ledger: ledger.pause(KIND, Operator("bob"), Scope.KIND))
    for _ in range(2):
        assert ill.verdict("queues.paused") == "warning: kind probe.noop is paused by bob; 1 due job waits"
        publish(ill)  # holds it


def publish(ill: Doctored) -> int:
    """As a relay does, but that nothing is sent; how many messages."""
    outbox = Outbox(ill.world.database)
    return sum(len(outbox.take(queue, 8, lanes)) for queue, lanes in outbox.lanes([QUEUE]).items())


def test_work_that_a_limit_holds_back(ill: Doctored) -> None:
    ill.world.sql("INSERT INTO limits (scope, name, running) VALUES ('kind', %s, 1)", KIND)
    ill.job()
    ill.job()
    assert publish(ill) == 1
    ill.world.pass_time(4000)
    assert ill.verdict("queues.held").startswith("warning: limits hold 1 due job of queue maintenance back, the oldest")


@pytest.mark.parametrize(("age_s", "severity"), [(60, "ok"), (200, "warning"), (400, "error")])
def test_work_that_waits_too_long(ill: Doctored, age_s: int, severity: str) -> None:
    ill.job()
    ill.world.pass_time(age_s)
    assert ill.verdict("queues.waiting").startswith(f"{severity}:")


def test_a_relay_that_lags_behind(ill: Doctored) -> None:
    ill.job()
    ill.world.pass_time(90)
    ill.service("relay")
    assert ill.verdict("relay.lagging").startswith("error: jobs due in queue maintenance wait for 9")
    ill.job(published=True)
    assert ill.verdict("relay.lagging").startswith("ok")


def test_a_relay_in_trouble(ill: Doctored) -> None:
    ill.job()
    ill.service("relay", ("the broker is full (OOM)", 12.0))
    said = ill.verdict("relay.trouble")
    assert said.startswith("error: the relay cannot publish for")
    assert "s: the broker is full (OOM); 1 due job waits" in said


def test_jobs_that_no_worker_can_read(ill: Doctored) -> None:
    ill.worker()
    new = ill.job(contract=2)
    assert ill.verdict("queues.contracts").startswith("error: 1 probe.noop in queue maintenance need contract 2")
    assert ill.world.do(lambda ledger: ledger.park([new], Capability(KIND, 1, (QUEUE,)))) == [new]
    assert ill.verdict("queues.contracts").startswith("error: 1 probe.noop in queue maintenance need contract 2")
    ill.worker("cpu@new", contracts={KIND: 2})
    assert ill.verdict("queues.contracts").startswith("warning")
    ill.job("probe.sleep")
    assert {one.subject for one in ill.findings("queues.contracts")} == {KIND, "probe.sleep"}


@pytest.mark.parametrize(("off_s", "severity"), [(600.0, "error"), (-10.0, "warning"), (0.0, "ok")])
def test_a_worker_whose_clock_is_wrong(ill: Doctored, off_s: float, severity: str) -> None:
    ill.worker(clock_off_s=off_s)
    assert ill.verdict("processes.clocks").startswith(f"{severity}:")


def test_versions_side_by_side(ill: Doctored) -> None:
    ill.worker()
    ill.worker("cpu@new", version="0.2.0")
    assert ill.verdict("processes.versions").startswith("info: versions side by side: 0.1.0: cpu@host:1:aaaaaa; 0.2.0:")
    ill.world.sql("UPDATE workers SET started_at = started_at - interval '2 hours'")
    assert ill.verdict("processes.versions").startswith("warning")


def test_schedules_without_a_beat_late_or_in_error(ill: Doctored) -> None:
    assert ill.verdict("beat.alive").startswith("info")
    ScheduleActs(ill.world.database, Operator("ann")).add(Entry("often", KIND, Rhythm(every_s=1)))
    assert ill.verdict("beat.alive").startswith("error: no beat is alive: 1 schedules submit nothing")
    ill.service("beat")
    assert ill.verdict("beat.alive").startswith("ok")
    for late, severity in (("2 minutes", "warning"), ("10 minutes", "error")):
        ill.world.sql(
            f"UPDATE schedules SET done_until = clock_timestamp() - interval '{late}', error = 'no such kind'"
        )
        assert ill.verdict("schedules.late").startswith(f"{severity}: schedule often")
    assert ill.verdict("schedules.errors") == "error: schedule often: no such kind"


def test_dead_letters_and_poison(ill: Doctored) -> None:
    ill.world.bury(ill.job())
    assert ill.verdict("dead.recent").startswith("warning: 1 jobs died in the last hour, most of them probe.noop: Perm")
    assert ill.verdict("dead.poison").startswith("ok")
    poison, message = ill.job(max_lost=1), delivery()
    ill.world.claim(poison, message=message)
    ill.world.do(lambda ledger: ledger.lose("killed by SIGSEGV", delivery=message))
    assert ill.verdict("dead.poison") == "error: 1 jobs killed their workers in the last day: probe.noop"
    ill.world.pass_time(2 * 86_400)
    assert ill.verdict("dead.recent") == "ok: no job died in the last hour; 2 dead letters in all"
    assert ill.verdict("dead.poison").startswith("ok")


def test_refused_messages(ill: Doctored) -> None:
    QuarantineTable(ill.world.database).add([Refused(QUEUE, "the body is not JSON", 12)])
    assert ill.verdict("quarantine.recent").endswith(
        "1 messages were refused in the last day, most: the body is not JSON"
    )
