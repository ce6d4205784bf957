"""How buildings are, and what audits found, over HTTP."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.http import Api, problem_of, running_api
from tests.integration.api.test_buildings import add
from tests.running import Stack, wait_until


@pytest.fixture(scope="module")
def live(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """With a worker of the io pool, where health is looked after."""
    nurse = stack.start("worker", "--pool", "io", "--concurrency", "4")
    try:
        with running_api(stack.variables, tmp_path_factory.mktemp("health")) as api:
            yield api
    finally:
        nurse.terminate()
        nurse.wait(30)


def submit(api: Api, kind: str, **payload: object) -> str:
    answer = api.root.post("/api/jobs", json={"kind": kind, "payload": payload})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def done(api: Api, job_id: str) -> None:
    wait_until(lambda: api.viewer.get(f"/api/jobs/{job_id}").json()["state"] == "succeeded", f"{job_id} succeeded", 60)


def sweeps(api: Api) -> Any:
    return api.viewer.get("/api/health/sweeps").json()


def test_a_building_nobody_looked_at_has_no_status_and_a_stranger_is_not_found(live: Api) -> None:
    building = add(live)
    found = live.viewer.get(f"/api/buildings/{building['id']}/health").json()
    assert (found["status"], found["reasons"], found["checked_at"], found["changes"]) == (None, [], None, [])
    stranger = live.viewer.get("/api/buildings/00000000-0000-4000-8000-000000000000/health")
    assert "no building" in problem_of(stranger, 404)["detail"]


def test_a_sweep_is_seen_with_the_buildings_that_are_not_well(live: Api) -> None:
    building = add(live)
    done(live, submit(live, "health.sweep"))
    wait_until(lambda: all(one["finished_at"] for one in sweeps(live)["items"]), "the sweep is over", 60)
    health = live.viewer.get(f"/api/buildings/{building['id']}/health").json()
    assert (health["status"], [one["code"] for one in health["reasons"]]) == ("degraded", ["no_model"])
    assert [(one["was"], one["status"]) for one in health["changes"]] == [(None, "degraded")]
    latest = sweeps(live)
    assert latest["items"][0]["counts"]["degraded"] >= 1
    assert latest["buildings"]["degraded"] >= 1


def test_reports_are_paged_in_order(live: Api) -> None:
    for _ in range(3):
        done(live, submit(live, "building.check_health", building_id=add(live)["id"]))
    first = live.viewer.get("/api/health/buildings", params={"status": "degraded", "limit": 2}).json()
    rest = live.viewer.get(
        "/api/health/buildings", params={"status": "degraded", "limit": 1000, "cursor": first["next_cursor"]}
    ).json()
    ids = [one["building_id"] for one in (*first["items"], *rest["items"])]
    assert (len(first["items"]), rest["next_cursor"]) == (2, None)
    assert ids == sorted(set(ids))
    assert live.viewer.get("/api/health/buildings", params={"status": "healthy"}).json()["items"] == []


def test_a_building_is_followed_as_its_health_changes(live: Api) -> None:
    building = add(live)
    with live.viewer.stream("GET", f"/api/buildings/{building['id']}/events") as stream:
        lines = stream.iter_lines()
        assert next(lines) == "event: building"
        submit(live, "building.check_health", building_id=building["id"])
        told = next(line for line in lines if line == "event: health") and next(lines)
    assert json.loads(told.removeprefix("data: "))["status"] == "degraded"


def test_an_audit_is_read_and_its_findings_are_mended_once(live: Api, stack: Stack) -> None:
    victim = submit(live, "probe.noop")
    done(live, victim)
    stack.execute("UPDATE jobs SET finished_at = NULL WHERE id = %s", victim)
    audit = submit(live, "audit.ledger")
    done(live, audit)
    read: Any = live.viewer.get(f"/api/audits/{audit}").json()
    assert (read["kind"], read["findings"], read["finished_at"] is not None) == ("audit.ledger", 1, True)
    assert live.viewer.get("/api/audits", params={"kind": "audit.ledger"}).json()["items"][0]["id"] == audit
    [finding] = live.viewer.get(f"/api/audits/{audit}/findings").json()["items"]
    assert victim in finding["subject"]
    assert finding["repair"]["kind"] == "ledger.repair"

    order = {"number": finding["number"]}
    assert live.editor.post(f"/api/audits/{audit}/repairs", json=order).status_code == 403
    ordered = live.root.post(f"/api/audits/{audit}/repairs", json=order)
    assert ordered.status_code == 202
    [repair] = ordered.json()["jobs"]
    done(live, repair)
    assert live.root.post(f"/api/audits/{audit}/repairs", json={}).json() == {"jobs": [repair]}
    assert stack.sql("SELECT finished_at IS NOT NULL FROM jobs WHERE id = %s", victim) == [(True,)]


def test_repairs_that_do_not_fit_are_named(live: Api) -> None:
    audit = submit(live, "audit.ledger")
    done(live, audit)
    both = live.admin.post(f"/api/audits/{audit}/repairs", json={"number": 1, "sort": "x"})
    assert problem_of(both, 422)["errors"][0]["field"] == "sort"
    assert live.admin.post(f"/api/audits/{audit}/repairs", json={"number": 2**40}).status_code == 404
    nobody = "00000000-0000-4000-8000-000000000000"
    assert live.admin.post(f"/api/audits/{nobody}/repairs", json={}).status_code == 404
    assert live.viewer.get(f"/api/audits/{nobody}/findings").status_code == 404
