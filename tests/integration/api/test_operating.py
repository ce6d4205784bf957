"""Queues, pauses, limits, shares and workers over HTTP."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from arxos.domain.jobs.ledger import Beat
from arxos.tasks.queues import POOL_OF
from tests.builders import delivery
from tests.http import Api, problem_of

WORKER = "cpu@host:4711:3f9a2c"


def queue(api: Api, name: str) -> Any:
    return next(one for one in api.viewer.get("/api/queues").json()["items"] if one["name"] == name)


def limit(api: Api, name: str) -> Any:
    return next((one for one in api.viewer.get("/api/limits").json()["items"] if one["name"] == name), None)


def announce(api: Api, worker: str = WORKER, **told: Any) -> None:
    known = Beat(worker, "host", 4711, "cpu", ("maintenance", "geometry"), "0.1.0", **told)
    api.world.do(lambda ledger: ledger.beat(known))


def acts(api: Api, **which: Any) -> Any:
    return api.viewer.get("/api/acts", params=which).json()["items"]


def test_every_queue_is_listed_with_what_lies_in_it(api: Api) -> None:
    api.world.submit("probe.noop", queue="health")
    listed = [one["name"] for one in api.viewer.get("/api/queues").json()["items"]]
    assert listed == sorted(POOL_OF)
    health = queue(api, "health")
    assert (health["pool"], health["states"]["queued"], health["states"]["dead"]) == ("io", 1, 0)
    assert health["oldest_due_s"] >= 0
    assert (health["pause"], health["workers"]) == (None, 0)


def test_a_queue_tells_who_consumes_it(api: Api) -> None:
    announce(api, slots=4)
    announce(api, "cpu@other:1:aaaaaa")
    assert (queue(api, "geometry")["workers"], queue(api, "geometry")["slots"]) == (2, 4)
    assert queue(api, "cache")["workers"] == 0


def test_a_queue_is_paused_with_a_reason_and_resumed(api: Api) -> None:
    paused = api.root.post("/api/queues/cache/pause", json={"reason": "<b>full</b>"})
    assert (paused.status_code, paused.json()["pause"]["reason"]) == (200, "<b>full</b>")
    api.root.post("/api/queues/cache/pause")
    seen = queue(api, "cache")["pause"]
    assert (seen["paused_by"], seen["reason"]) == ("test-super_admin", "<b>full</b>")
    assert datetime.fromisoformat(seen["paused_at"]).tzinfo is not None
    assert api.root.post("/api/queues/cache/resume").status_code == 204
    assert queue(api, "cache")["pause"] is None
    assert [one["action"] for one in acts(api)][:2] == ["resume_queue", "pause_queue"]


def test_a_kind_is_paused_and_resumed(api: Api) -> None:
    assert api.root.post("/api/kinds/probe.noop/pause", json={"reason": "it floods"}).status_code == 200
    assert limit(api, "probe.noop")["pause"]["reason"] == "it floods"
    assert api.root.post("/api/kinds/probe.noop/resume").status_code == 204
    assert limit(api, "probe.noop") is None


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/api/queues/geometri/pause", "no queue 'geometri'"),
        ("/api/queues/geometri/resume", "no queue 'geometri'"),
        ("/api/kinds/probe.nope/pause", "no job kind 'probe.nope'"),
        ("/api/kinds/probe.nope/resume", "no job kind 'probe.nope'"),
        (f"/api/workers/{quote('nobody@nowhere')}/drain", "no worker 'nobody@nowhere'"),
    ],
)
def test_what_is_not_there_is_not_found(api: Api, path: str, says: str) -> None:
    assert problem_of(api.root.post(path), 404)["detail"] == says


def test_a_limit_is_set_shown_and_taken_away(api: Api) -> None:
    answer = api.root.put("/api/limits/queue/geometry", json={"running": 4, "per": "building", "rate": 2.5})
    assert answer.status_code == 200, answer.text
    seen = limit(api, "geometry")
    assert answer.json() == seen
    assert (seen["scope"], seen["running"], seen["per"], seen["per_running"]) == ("queue", 4, "building", 1)
    assert (seen["rate"], seen["burst"], seen["set_by"], seen["source"]) == (2.5, 3, "test-super_admin", "operator")
    assert api.root.delete("/api/limits/queue/geometry").status_code == 204
    assert limit(api, "geometry") is None
    problem_of(api.root.delete("/api/limits/queue/geometry"), 404)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, "limit: needs running, per or rate"),
        ({"burst": 3, "running": 1}, "burst: needs a rate"),
        ({"per": "colour"}, "per: must be building, submitter or payload.<field>"),
        ({"running": -1}, "running: "),
        ({"rate": 0}, "rate: "),
        ({"running": 1, "colour": "red"}, "colour: "),
    ],
)
def test_limits_that_are_none_are_refused(api: Api, body: Any, says: str) -> None:
    assert says in problem_of(api.root.put("/api/limits/queue/geometry", json=body), 422)["detail"]


def test_limits_are_on_what_exists(api: Api) -> None:
    problem_of(api.root.put("/api/limits/queue/geometri", json={"running": 1}), 404)
    problem_of(api.root.put("/api/limits/colour/red", json={"running": 1}), 422)


def test_a_share_is_given(api: Api) -> None:
    assert api.root.put("/api/shares/city-import", json={"weight": 0.5}).status_code == 204
    shares = api.viewer.get("/api/shares").json()["items"]
    assert shares == [{"submitter": "city-import", "weight": 0.5, "in_flight": 0}]
    assert "weight" in problem_of(api.root.put("/api/shares/city-import", json={"weight": 0}), 422)["detail"]


def test_workers_tell_what_they_run(api: Api) -> None:
    announce(api, slots=4, memory_bytes=300 << 20)
    job_id = api.world.submit("probe.noop")
    api.world.do(lambda ledger: ledger.claim([job_id], WORKER, delivery()))
    [seen] = [one for one in api.viewer.get("/api/workers").json()["items"] if one["id"] == WORKER]
    assert (seen["alive"], seen["slots"], seen["busy"], seen["memory_bytes"]) == (True, 4, 1, 300 << 20)
    assert [(one["id"], one["kind"], one["attempt"]) for one in seen["jobs"]] == [(str(job_id), "probe.noop", 1)]
    api.world.execute("UPDATE workers SET heartbeat_at = heartbeat_at - interval '1 minute' WHERE id = %s", WORKER)
    [seen] = [one for one in api.viewer.get("/api/workers").json()["items"] if one["id"] == WORKER]
    assert not seen["alive"]
    assert seen["silent_s"] > timedelta(minutes=1).total_seconds() - 1


def test_a_worker_is_drained(api: Api) -> None:
    announce(api)
    answer = api.root.post(f"/api/workers/{WORKER}/drain", json={"reason": "it leaks"})
    assert answer.status_code == 202
    [seen] = [one for one in api.viewer.get("/api/workers").json()["items"] if one["id"] == WORKER]
    assert seen["drain_requested_by"] == "test-super_admin"
    act = acts(api, action="drain_worker")[0]
    assert (act["actor"], act["reason"], act["details"]) == ("test-super_admin", "it leaks", {"worker": WORKER})
    ours = [one for one in acts(api) if one["actor"].startswith("test-")]
    assert {one["action"] for one in ours} > {"drain_worker", "pause_queue", "resume_kind", "set_limit", "set_share"}
    assert {one["source"] for one in ours} == {"http@127.0.0.1"}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/queues/cache/pause", None),
        ("POST", "/api/queues/cache/resume", None),
        ("POST", "/api/kinds/probe.noop/pause", None),
        ("POST", "/api/kinds/probe.noop/resume", None),
        ("PUT", "/api/limits/queue/geometry", {"running": 1}),
        ("DELETE", "/api/limits/queue/geometry", None),
        ("PUT", "/api/shares/ada", {"weight": 2}),
        ("POST", f"/api/workers/{WORKER}/drain", None),
    ],
)
def test_only_who_administers_may_change_how_the_system_works(api: Api, method: str, path: str, body: Any) -> None:
    problem_of(api.admin.request(method, path, json=body), 403)
