"""PostgreSQL restarted, its answers lost, its transactions refused, its connections cut: workers wait and go on."""

import signal
from threading import Event

import pytest

from arxos.domain.jobs.job import JobState
from tests.faults.conftest import MakeSystem, Record
from tests.faults.ground import FAST, IMMEDIATE, KILL, Ground
from tests.faults.postgres_faults import (
    BACK_S,
    all_held,
    connect,
    held_at,
    none_burned,
    outcomes,
    raising,
    restart,
)
from tests.faults.proxy import Proxy
from tests.faults.system import QUEUE_OF, ROLES, System
from tests.faults.test_process_death import kill, strange
from tests.running import wait_until

pytestmark = pytest.mark.slow
OFTEN = {("claim", KILL), ("settle", IMMEDIATE), ("heartbeat", FAST)}


def behind(proxy: Proxy, make_system: MakeSystem, roles: tuple[str, ...], **variables: str) -> System:
    """A system of which these reach the database through the proxy, and the test itself past it."""
    system = make_system(roles=tuple(role for role in ROLES if role not in roles), **variables)
    for role in roles:
        system.start(role, ARXOS_DATABASE_URL=proxy.url(system.variables["ARXOS_DATABASE_URL"]))
    system.ready()
    return system


@pytest.mark.parametrize(
    ("moment", "how"),
    [
        pytest.param(
            moment, how, marks=() if (moment, how) in OFTEN else pytest.mark.faults_slow, id=f"{moment}-{how.name}"
        )
        for moment in ("claim", "settle", "heartbeat")
        for how in (FAST, IMMEDIATE, KILL)
    ],
)
def test_a_restart_in_the_middle_of_it_costs_no_attempt(
    ground: Ground, system: System, record: Record, moment: str, how: signal.Signals
) -> None:
    variant = f"{how.name} during {moment}"
    with record(system, 24, "PostgreSQL restarted", variant=variant, recovers_in=BACK_S) as scenario:
        with held_at(system, moment):
            scenario.load(40)
            all_held(system)
            restart(ground.postgres, how)
            scenario.fault_over()
        wait_until(lambda: system.patient().sql("SELECT 1"), "it answers")
        scenario.load(40)
    assert system.exits == []
    assert none_burned(system)


@pytest.mark.faults_slow
def test_an_outage_longer_than_the_lease_costs_no_attempt(
    ground: Ground, make_system: MakeSystem, postgres_proxy: Proxy, record: Record
) -> None:
    leases = {"ARXOS_LEASE_S": "6", "ARXOS_HEARTBEAT_S": "1"}
    system = behind(postgres_proxy, make_system, ("worker-cpu", "worker-io"), **leases)
    with record(system, 24, "PostgreSQL away for longer than a lease", recovers_in=BACK_S) as scenario:
        ids = [job_id for queue in QUEUE_OF.values() for job_id in scenario.burst(2, queue=queue, seconds=12)]
        wait_until(lambda: system.sql("SELECT count(*) FROM jobs WHERE state = 'running'") == [(len(ids),)], "all run")
        postgres_proxy.cut(refuse=True)
        ground.postgres.stop(FAST)
        Event().wait(8)
        ground.postgres.start()
        Event().wait(3)  # the relay finds it first, and leases that nobody could renew
        postgres_proxy.heal()
        scenario.fault_over()
    assert system.exits == []
    assert none_burned(system)


@pytest.mark.faults_slow
def test_however_long_it_was_away_work_goes_on_at_once(ground: Ground, system: System, record: Record) -> None:
    with record(system, 24, "PostgreSQL away for long", variant="38 s", recovers_in=15) as scenario:
        scenario.load(40)
        ground.postgres.stop(FAST)
        Event().wait(38)  # a pool that doubles the time between its tries is in the middle of 32 s
        ground.postgres.start()
        scenario.fault_over()
        system.patient().sql("SELECT 1")
        scenario.load(40)
    assert system.exits == []
    assert none_burned(system)


@pytest.mark.parametrize("moment", ["claim", "settle"])
def test_a_commit_whose_answer_is_lost_is_resolved(
    make_system: MakeSystem, postgres_proxy: Proxy, record: Record, moment: str
) -> None:
    # No heartbeat commits in between, and one message carries all that is due.
    only = {"ARXOS_HEARTBEAT_S": "60", "ARXOS_LEASE_S": "180", "ARXOS_QUEUE_DEPTH": "1", "ARXOS_LOG_LEVEL": "debug"}
    system = behind(postgres_proxy, make_system, ("worker-cpu", "worker-io"), **only)
    with record(system, 25, "COMMIT's answer lost", variant=moment, recovers_in=10) as scenario:
        for queue in QUEUE_OF.values():
            for count in (1, 5):
                if moment == "claim":
                    postgres_proxy.swallow_answer(b"COMMIT")
                ids = scenario.burst(count, queue=queue, seconds=0.4 / count, batch=count)
                if moment == "settle":
                    wait_until(lambda: system.get(ids[-1]).state is JobState.RUNNING, "claimed")  # noqa: B023
                    postgres_proxy.swallow_answer(b"COMMIT")
                wait_until(lambda: postgres_proxy.swallowed, "an answer was lost", 10)
                scenario.fault_over()
                system.all_reach(ids, JobState.SUCCEEDED)
    assert outcomes(system) == ({"interrupted", "succeeded"} if moment == "claim" else {"succeeded"})
    assert none_burned(system)
    logs = system.log("worker-cpu") + system.log("worker-io")
    assert logs.count('"database_awaited"') == 4
    assert "fenced" not in logs


@pytest.mark.faults_slow
def test_a_relay_whose_commits_go_unanswered_publishes_again(
    make_system: MakeSystem, postgres_proxy: Proxy, record: Record
) -> None:
    system = behind(postgres_proxy, make_system, ("relay",), ARXOS_REPUBLISH_S="2")
    with record(system, 25, "COMMIT's answer lost", variant="relay", recovers_in=BACK_S) as scenario:
        for _ in range(20):  # the relay commits for other reasons, too
            postgres_proxy.swallow_answer(b"COMMIT")
            for queue in QUEUE_OF.values():
                scenario.burst(10, queue=queue)
            wait_until(lambda: postgres_proxy.swallowed, "an answer was lost", 20)
            system.all_reach(list(scenario.expected), JobState.SUCCEEDED)
            if "published_again" in system.log("relay"):
                break
        postgres_proxy.heal()
        scenario.fault_over()
    assert "published_again" in system.log("relay")
    assert system.exits == []
    assert none_burned(system)


def test_a_submission_without_an_answer_is_repeated_by_its_key(
    make_system: MakeSystem, postgres_proxy: Proxy, record: Record
) -> None:
    system = make_system(roles=("relay", "worker-cpu"))
    job = ("submit", "probe.effect", "--payload", '{"key": "one"}', "--key", "one")
    through = postgres_proxy.url(system.variables["ARXOS_DATABASE_URL"])
    with record(system, 25, "COMMIT's answer lost", variant="submission", recovers_in=10) as scenario:
        postgres_proxy.swallow_answer(b"COMMIT")
        unanswered = system.arxos(*job, ARXOS_DATABASE_URL=through)
        assert postgres_proxy.swallowed == 1
        [accepted] = system.sql("SELECT id FROM jobs WHERE idempotency_key = 'one'")[0]
        repeated = system.arxos(*job, ARXOS_DATABASE_URL=through)
        scenario.accept([accepted])
        scenario.fault_over()
    assert (unanswered.returncode, unanswered.stdout) == (1, "")
    assert unanswered.stderr.startswith("arxos: the database does not answer")
    assert unanswered.stderr.count("\n") == 1
    assert (repeated.returncode, repeated.stdout.strip()) == (0, str(accepted))


def test_a_deadlock_in_settling_is_retried(make_system: MakeSystem, record: Record) -> None:
    system = make_system(ARXOS_QUEUE_DEPTH="1")
    lock = "SELECT FROM jobs WHERE id = %s FOR UPDATE"
    with record(system, 27, "deadlock", recovers_in=10) as scenario, connect(system) as other:
        other.execute("SET deadlock_timeout = '20s'")  # the settling session notices first, and is the victim
        for queue in QUEUE_OF.values():
            ids = scenario.burst(3, queue=queue, seconds=0.15, batch=3)
            wait_until(lambda: system.get(ids[-1]).state is JobState.RUNNING, "claimed", 10)  # noqa: B023
            with other.transaction():
                other.execute(lock, [ids[-1]])
                wait_until(lambda: waits_for_a_row(system), "settling waits for it", 10)
                other.execute(lock, [ids[0]])
            scenario.fault_over()
            system.all_reach(ids, JobState.SUCCEEDED)
    for role in ("worker-cpu", "worker-io"):
        assert "deadlock detected" in system.log(role)
    assert outcomes(system) == {"succeeded"}
    assert none_burned(system)


def waits_for_a_row(system: System) -> bool:
    waiting = (
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        " AND application_name LIKE 'arxos-worker-%%' AND query LIKE '%%UPDATE jobs SET result%%'"
    )
    return bool(system.sql(waiting) == [(1,)])


@pytest.mark.faults_slow
@pytest.mark.parametrize("code", ["40001", "40P01"])
def test_a_storm_of_conflicts_costs_no_attempt(system: System, record: Record, code: str) -> None:
    with record(system, 27, "storm of conflicts", variant=code, recovers_in=BACK_S) as scenario:
        conflict = f"IF random() < 0.3 THEN RAISE EXCEPTION 'conflict' USING ERRCODE = '{code}'; END IF"
        raising(system, "jobs", "", conflict)
        scenario.load(40)
        Event().wait(2)
        scenario.load(40)
        system.patient().execute("DROP TRIGGER fault ON jobs")
        scenario.fault_over()
    logs = [system.log(role) for role in ROLES]
    assert all("asks to repeat the transaction" in log for log in logs)
    assert outcomes(system) <= {"succeeded", "interrupted"}
    assert system.exits == []
    assert none_burned(system)


@pytest.mark.faults_slow
@pytest.mark.parametrize("seconds", [2, 12], ids=["soon", "beyond the lease"])
def test_connections_that_fell_silent_while_idle_are_made_anew(
    make_system: MakeSystem, postgres_proxy: Proxy, record: Record, seconds: int
) -> None:
    system = behind(postgres_proxy, make_system, tuple(ROLES))
    with record(system, 29, "idle connections dropped", variant=f"{seconds} s", recovers_in=BACK_S) as scenario:
        assert postgres_proxy.blackhole() >= 5
        scenario.load(40)
        Event().wait(seconds)
        postgres_proxy.give_up()  # the kernel does, after tcp_user_timeout or unanswered keepalives
        scenario.fault_over()
        scenario.load(40)
    assert system.exits == []
    assert none_burned(system)


@pytest.mark.faults_slow
def test_connections_that_died_while_idle_fail_no_job(
    make_system: MakeSystem, postgres_proxy: Proxy, record: Record
) -> None:
    system = behind(postgres_proxy, make_system, tuple(ROLES))
    with record(system, 29, "idle connections dropped", variant="noticed at use", recovers_in=10) as scenario:
        for _ in range(2):
            scenario.load(40)
            wait_until(lambda: system.sql("SELECT count(*) FROM jobs WHERE finished_at IS NULL") == [(0,)], "idle", 20)
            postgres_proxy.cut()
        scenario.fault_over()
        scenario.load(40)
    assert system.exits == []
    assert none_burned(system)


@pytest.mark.faults_slow
def test_a_worker_that_vanishes_within_a_transaction_holds_its_jobs_no_longer_than_another(
    make_system: MakeSystem, postgres_proxy: Proxy, record: Record
) -> None:
    system = behind(postgres_proxy, make_system, ("worker-cpu",), STRANGE="1")
    with record(system, 29, "worker and its line gone within a transaction", recovers_in=20) as scenario:
        scenario.accept(system.insert(strange(system, "pausing")))
        held = "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction' AND application_name = %s"
        wait_until(lambda: system.sql(held, "arxos-worker-cpu") == [(1,)], "it settles", 20)
        postgres_proxy.blackhole()  # so that the server hears of no end
        kill([system.processes["worker-cpu"].pid])
        scenario.fault_over()
