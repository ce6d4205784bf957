"""Rows that this version cannot read: every list and every other job is unharmed, and each such job has an end."""

import json
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import pytest

from tests.damage import BURIED, DAMAGE, STAYS, UNGUARD
from tests.faults.conftest import Record
from tests.faults.system import QUEUE_OF, System
from tests.http import running_api
from tests.running import children_of, wait_until

pytestmark = pytest.mark.slow

SENT = {"published in the year 10000"}  # its message counts as under way until then

LISTS = (
    *("/api/jobs", "/api/jobs?state=queued", "/api/jobs?state=dead", "/api/jobs?state=unreadable", "/api/queues"),
    *("/api/dead-letters/groups", "/api/workers", "/api/schedules", "/api/acts", "/api/quarantine", "/health"),
    *("/api/reports/jobs", "/api/reports/slo"),
)
COMMANDS = (
    ("jobs", "list"),
    ("jobs", "list", "--json"),
    ("dead", "list"),
    ("dead", "groups"),
    ("queues", "list"),
    ("workers", "list"),
)


@pytest.mark.parametrize("worker", QUEUE_OF)
def test_a_row_at_every_edge_leaves_every_list_and_every_other_job_unharmed(
    system: System, record: Record, tmp_path: Path, worker: str
) -> None:
    queue = QUEUE_OF[worker]
    system.execute(UNGUARD)
    with record(system, 62, "a row at every edge", variant=worker, recovers_in=30) as scenario:
        family = children_of(system.processes[worker].pid)
        damaged = _damaged(system, queue, among=scenario.burst)
        scenario.burst(50, queue=queue, seconds=0.01)
        due = [job_id for job_id, name in damaged.items() if DAMAGE[name].fate != STAYS and name not in SENT]
        open_ = "SELECT id FROM jobs WHERE id = ANY(%s) AND state NOT IN ('succeeded', 'dead')"
        with suppress(AssertionError):
            wait_until(lambda: not system.sql(open_, due), "each has an end", 40)
        assert [damaged[job_id] for (job_id,) in system.sql(open_, due)] == []
        scenario.fault_over()
    assert system.exits == []
    assert children_of(system.processes[worker].pid) == family
    ends = dict(system.sql("SELECT id, coalesce(error_type, state) FROM jobs WHERE id = ANY(%s)", due))
    assert {damaged[job_id]: end for job_id, end in ends.items()} == {
        name: damage.fate for name, damage in DAMAGE.items() if damage.fate != STAYS and name not in SENT
    }
    for command in COMMANDS:
        done = system.arxos(*command)
        assert (done.returncode, done.stderr.count("Traceback")) == (0, 0), (command, done.stderr)
    with running_api(system.variables, tmp_path) as api:
        for path in LISTS:
            answer = api.root.get(path, params={"limit": 1000} if "jobs?" in path or path == "/api/jobs" else {})
            assert answer.status_code == 200, (path, answer.text)
        listed = {UUID(one["id"]) for one in api.root.get("/api/jobs", params={"limit": 1000}).json()["items"]}
        assert listed == {row[0] for row in system.sql("SELECT id FROM jobs")}
        for job_id, name in damaged.items():
            if DAMAGE[name].fate not in {BURIED, STAYS}:
                continue  # a run has written anew what was unreadable
            job = api.root.get(f"/api/jobs/{job_id}").json()
            assert [one["field"] for one in job["unreadable"] or ()] == list(DAMAGE[name].fields), name


def _damaged(system: System, queue: str, among: object) -> dict[UUID, str]:
    """One job of each damage, each in a message with nine others that are well."""
    system.execute("INSERT INTO queue_pauses (queue, paused_by) VALUES (%s, 'test')", queue)
    damaged: dict[UUID, str] = {}
    for name, damage in DAMAGE.items():
        among(9, queue=queue)  # type: ignore[operator]
        [job_id] = system.insert(system.job("probe.effect", key=json.dumps(name), queue=queue))
        system.execute(f"UPDATE jobs SET {damage.change} WHERE id = %s", job_id)
        damaged[job_id] = name
    system.execute("DELETE FROM queue_pauses")
    system.execute("NOTIFY arxos_due")
    return damaged
