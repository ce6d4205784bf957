"""PostgreSQL without connections, without room, read-only, held back, locked: all wait, say why, and go on."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest

from arxos.domain.errors import UnavailableError
from arxos.domain.jobs.job import JobState
from tests.faults.conftest import MakeSystem, Record
from tests.faults.ground import Ground
from tests.faults.postgres_faults import (
    BACK_S,
    all_connections_taken,
    connect,
    database_on_a_small_disk,
    fill,
    held_at,
    none_burned,
    outcomes,
    raising,
    refused,
    terminate,
)
from tests.faults.system import QUEUE_OF, System
from tests.running import wait_until

pytestmark = pytest.mark.slow


@pytest.mark.faults_slow
def test_a_server_without_connections_is_waited_for(ground: Ground, system: System, record: Record) -> None:
    with record(system, 26, "connections exhausted", variant="the server's", recovers_in=BACK_S) as scenario:
        scenario.load(40)
        with all_connections_taken(ground, system):
            assert refused(system) == (
                "arxos: the database has no connection left: raise its max_connections, or find who holds them\n"
            )
            wait_until(lambda: all_say(system, "the database has no connection left"), "all say so", 20)
        scenario.fault_over()
        system.patient().sql("SELECT 1")
        scenario.load(40)
    assert system.exits == []
    assert none_burned(system)


def all_say(system: System, words: str) -> bool:
    return all(words in system.log(role) for role in system.roles)


@pytest.mark.faults_slow
def test_a_process_without_connections_keeps_its_lease(make_system: MakeSystem, record: Record) -> None:
    system = make_system(roles=("relay",), ARXOS_LEASE_S="6", ARXOS_HEARTBEAT_S="1", ARXOS_QUEUE_DEPTH="40")
    system.start("worker-io", ("worker", "--pool", "io", "--concurrency", "20"))
    system.ready()
    with record(system, 26, "connections exhausted", variant="a process's own", recovers_in=10) as scenario:
        with held_at(system, "settle"):
            scenario.burst(20, queue="health", seconds=0.01)
            wait_until(lambda: "all 8 connections of this process" in system.log("worker-io"), "no connection left", 20)
            Event().wait(4)
        scenario.fault_over()
    assert system.exits == []
    assert outcomes(system) == {"succeeded"}


@pytest.mark.parametrize("where", ["DATABASE", pytest.param("SYSTEM", marks=pytest.mark.faults_slow)])
def test_a_database_that_is_read_only_is_waited_for(system: System, record: Record, where: str) -> None:
    name = system.variables["ARXOS_DATABASE_URL"].rpartition("/")[2]
    alter = "ALTER SYSTEM" if where == "SYSTEM" else f"ALTER DATABASE {name}"
    with record(system, 28, "database read-only", variant=f"ALTER {where}", recovers_in=BACK_S) as scenario:
        scenario.load(40)
        with connect(system, options="-c default_transaction_read_only=off") as admin:
            admin.execute(f"{alter} SET default_transaction_read_only = on")
            admin.execute("SELECT pg_reload_conf()")
            if where == "DATABASE":
                terminate(system, but=admin.info.backend_pid)  # who was connected before may write
            assert refused(system).startswith("arxos: the database is read-only: ")
            wait_until(lambda: all_say(system, "the database is read-only"), "all say so", 20)
            admin.execute(f"{alter} RESET default_transaction_read_only")
            admin.execute("SELECT pg_reload_conf()")
        scenario.fault_over()
        wait_until(lambda: writable(system), "the test's own sessions may write again")
        scenario.load(40)
    assert system.exits == []
    assert none_burned(system)


def writable(system: System) -> bool:
    try:
        return system.execute("UPDATE workers SET id = id WHERE false") == 0
    except UnavailableError:
        return False


@pytest.fixture
def small(ground: Ground) -> Iterator[tuple[Path, str]]:
    """A disk of 64 MB and a database on it; without the right to mount, the test without one stands for it."""
    with ExitStack() as stack:
        try:
            disk = stack.enter_context(database_on_a_small_disk(ground, 64))
        except (OSError, subprocess.CalledProcessError):
            pytest.skip("mounting a file system is not permitted")
        yield disk


@pytest.mark.faults_slow
def test_a_full_disk_is_waited_for(small: tuple[Path, str], make_system: MakeSystem, record: Record) -> None:
    folder, url = small
    system = make_system(ARXOS_DATABASE_URL=url)
    with record(system, 28, "disk full", recovers_in=BACK_S) as scenario:
        scenario.load(40)
        filler = fill(folder)
        assert refused(system, lines=3000) == "arxos: the database's disk is full: make room on it\n"
        wait_until(lambda: "the database's disk is full" in "".join(map(system.log, system.roles)), "it is said", 30)
        filler.unlink()
        scenario.fault_over()
        scenario.load(40)
    assert system.exits == []
    assert none_burned(system)


def test_a_statement_that_finds_the_disk_full_is_repeated(system: System, record: Record) -> None:
    with record(system, 28, "disk full", variant="as said by the server", recovers_in=BACK_S) as scenario:
        full = "RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'"
        raising(system, "jobs", "NEW.kind = 'probe.effect'", full)
        scenario.load(40)
        wait_until(lambda: "the database's disk is full" in system.log("relay"), "the relay says so", 20)
        system.patient().execute("DROP TRIGGER fault ON jobs")
        scenario.fault_over()
    assert system.exits == []
    assert none_burned(system)


@pytest.mark.faults_slow
def test_a_long_transaction_raises_an_alarm(make_system: MakeSystem, record: Record) -> None:
    system = make_system(roles=("worker-cpu", "worker-io"), ARXOS_LONG_TRANSACTION_S="1")
    with record(system, 30, "a long transaction holds back vacuum", recovers_in=BACK_S) as scenario:
        with connect(system, application_name="analyst") as analyst, analyst.transaction():
            analyst.execute("SELECT pg_current_xact_id()")
            Event().wait(1)
            system.start("relay")
            scenario.load(40)
            wait_until(lambda: "vacuum_held_back" in system.log("relay"), "the alarm", 20)
            assert '"application": "analyst"' in system.log("relay")
            assert f'"pid": {analyst.info.backend_pid}' in system.log("relay")
        scenario.fault_over()
        wait_until(lambda: "vacuum_let_go" in system.log("relay"), "the alarm is over", 20)
    assert system.log("relay").count("vacuum_held_back") == 1


def test_workers_hold_no_transaction_while_they_compute(system: System, record: Record) -> None:
    longest = (
        "SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0)::float FROM pg_stat_activity"
        " WHERE application_name LIKE 'arxos-worker-%%'"
    )
    with record(system, 30, "no transaction is open while jobs compute", recovers_in=10) as scenario:
        ids = [job_id for queue in QUEUE_OF.values() for job_id in scenario.burst(2, queue=queue, seconds=4)]
        wait_until(lambda: system.sql("SELECT count(*) FROM jobs WHERE state = 'running'") == [(len(ids),)], "all run")
        seen = []
        for _ in range(30):
            seen.append(system.sql(longest)[0][0])
            Event().wait(0.1)
        assert system.sql("SELECT count(*) FROM jobs WHERE state = 'running'") == [(len(ids),)]
        scenario.fault_over()
    assert max(seen) < 0.5


@pytest.mark.parametrize("table", ["jobs", pytest.param("workers", marks=pytest.mark.faults_slow)])
def test_a_table_that_somebody_locks_stalls_no_duty_for_long(
    make_system: MakeSystem, record: Record, table: str
) -> None:
    system = make_system(ARXOS_LEASE_S="4", ARXOS_HEARTBEAT_S="1")
    stalled = {"workers": {"take_back"}, "jobs": {"publish", "expire"}}
    late = datetime.now(UTC) + timedelta(days=1)
    with record(system, 31, "statements stall", variant=f"{table} locked", recovers_in=BACK_S) as scenario:
        scenario.load(40)
        with connect(system) as other, other.transaction():
            other.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            wait_until(lambda: stalled[table] <= gave_up(system), "what needs it gives up", 15)
            if table == "workers":  # neither heartbeats nor sweeps, but all else
                deadline = datetime.now(UTC) + timedelta(seconds=1)
                ids = scenario.accept(system.burst(1, run_at=late, deadline=deadline), JobState.CANCELLED)
                system.all_reach(ids, JobState.CANCELLED, within_s=6)
                scenario.load(40)
                wait_until(lambda: done(system), "jobs are done meanwhile", 20)
            else:  # no jobs, but heartbeats
                heard = "SELECT count(*) FROM workers WHERE heartbeat_at > clock_timestamp() - interval '2.5s'"
                wait_until(lambda: system.sql(heard) == [(2,)], "the workers are heard", 6)
            Event().wait(4)
        scenario.fault_over()
    assert system.exits == []
    assert none_burned(system)


def gave_up(system: System) -> set[str]:
    """The relay's duties that did not wait for ever."""
    lines = [line for line in system.log("relay").splitlines() if "the database did not do it in time" in line]
    return {str(json.loads(line).get("duty")) for line in lines}


def done(system: System) -> bool:
    unfinished = "SELECT count(*) FROM jobs WHERE kind = 'probe.effect' AND finished_at IS NULL"
    return bool(system.sql(unfinished) == [(0,)])
