"""Whether it lives, whether it can take jobs in, how each part is, and the numbers for Prometheus."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from deploy.local.programs import PROMTOOL
from tests.http import Api, problem_of, running_api
from tests.running import Stack, wait_until


@pytest.fixture(scope="module")
def live(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(stack.variables, tmp_path_factory.mktemp("health"), workers=2) as api:
        yield api


def test_every_part_is_named_with_its_state(live: Api) -> None:
    live.viewer.get("/api/jobs").raise_for_status()  # a process that was asked nothing has no pool yet
    health = live.viewer.get("/health").json()
    parts = health["components"]
    assert {"postgres", "redis", "cache", "blobs", "relay", "beat", "workers", "pool"} <= set(parts)
    well = {name for name, part in parts.items() if part["status"] == "healthy"}
    assert {"postgres", "redis", "blobs", "relay"} <= well
    assert parts["postgres"]["latency_ms"] > 0
    assert parts["beat"]["status"] == "degraded"  # there is none here
    assert parts["workers"]["detail"]["by_queue"]["maintenance"] == 1
    assert parts["workers"]["status"] == "degraded"  # nobody serves the queues of the io pool
    assert parts["pool"]["detail"]["pool_max"] >= 1
    assert health["status"] == "degraded"


def test_strangers_hear_states_only(live: Api) -> None:
    for client in (live.nobody, live.bearing("x.y.z")):
        parts = client.get("/health").json()["components"]
        assert {tuple(part) for part in parts.values()} == {("status", "latency_ms", "detail")}
        assert {(part["latency_ms"], part["detail"]) for part in parts.values()} == {(None, None)}


def test_an_interface_that_can_take_jobs_in_says_so(live: Api) -> None:
    assert live.nobody.get("/health/live").json() == {"status": "alive"}
    ready = live.nobody.get("/health/ready")
    assert (ready.status_code, ready.json()["status"]) == (200, "healthy")


@pytest.mark.parametrize("broker", ["redis://127.0.0.1:1/0", "redis://:hunter2@127.0.0.1:1/0"])
def test_redis_away_is_told_and_no_reason_to_take_no_jobs(live: Api, tmp_path: Path, broker: str) -> None:
    with running_api(live.world.variables | {"ARXOS_BROKER_URL": broker}, tmp_path) as cut_off:
        assert cut_off.nobody.get("/health/ready").status_code == 200
        answer = cut_off.viewer.get("/health")
        assert answer.json()["components"]["redis"]["status"] == "unhealthy"
        assert answer.json()["status"] == "degraded"
        assert "hunter2" not in answer.text
        assert cut_off.editor.post("/api/jobs", json={"kind": "probe.noop"}).status_code == 202


def test_postgres_away_is_told_within_a_second_or_so(live: Api, tmp_path: Path) -> None:
    nowhere = live.world.variables | {"ARXOS_DATABASE_URL": "postgresql://arxos:hunter2@127.0.0.1:1/arxos"}
    with running_api(nowhere, tmp_path) as cut_off:
        began = time.monotonic()
        ready = cut_off.nobody.get("/health/ready")
        assert (ready.status_code, ready.json()["components"]["postgres"]["status"]) == (503, "unhealthy")
        health = cut_off.viewer.get("/health").json()
        assert health["status"] == "unhealthy"
        assert health["components"]["redis"]["status"] == "healthy"
        assert time.monotonic() - began < 5
        answer = cut_off.editor.post("/api/jobs", json={"kind": "probe.noop"})
        assert "hunter2" not in problem_of(answer, 503)["detail"]
        assert int(answer.headers["retry-after"]) >= 1


def test_each_process_is_known_and_leaves_when_it_ends(live: Api, tmp_path: Path) -> None:
    here = "SELECT count(*) FROM services WHERE role = 'api'"
    before = live.world.sql(here)[0][0]
    with running_api(live.world.variables, tmp_path, workers=2):
        wait_until(lambda: live.world.sql(here)[0][0] == before + 2, "two more processes", 20)
    wait_until(lambda: live.world.sql(here)[0][0] == before, "both to have left", 20)


def numbers(api: Api) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    text = api.nobody.get("/metrics").text
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_requests_are_counted_over_all_processes_by_route_and_never_by_path(live: Api) -> None:
    for number in range(20):
        with httpx.Client(base_url=live.url, headers=live.viewer.headers) as client:
            client.get(f"/api/jobs/00000000-0000-4000-8000-0000000000{number:02d}")
    live.viewer.get("/api/no/such/path")
    key = ("method", "GET"), ("route", "/api/jobs/{job_id}"), ("status", "404")
    wait_until(lambda: numbers(live).get(("arxos_http_request_seconds_count", key), 0) >= 20, "all to be counted", 10)
    routes = {dict(labels).get("route") for name, labels in numbers(live) if name == "arxos_http_request_seconds_count"}
    assert not [route for route in routes if (route and "0000" in route) or route == "/api/no/such/path"]
    assert "other" in routes


def test_the_ledgers_state_is_told(live: Api) -> None:
    found = numbers(live)
    assert found["arxos_workers", (("queue", "maintenance"),)] == 1
    assert found["arxos_services", (("role", "relay"),)] == 1
    assert [value for (name, _), value in found.items() if name == "arxos_build_info"] == [1]


def test_numbers_are_for_this_machine_or_with_a_token(live: Api, tmp_path: Path) -> None:
    with running_api(live.world.variables | {"ARXOS_METRICS_ALLOW": "203.0.113.0/24"}, tmp_path) as strict:
        problem_of(strict.nobody.get("/metrics"), 401)
        assert strict.viewer.get("/metrics").status_code == 200


@pytest.mark.skipif(PROMTOOL.find() is None, reason="no promtool here, and no apt to get it with")
def test_prometheus_own_tool_likes_them(live: Api) -> None:
    text = live.nobody.get("/metrics").content
    done = subprocess.run([str(PROMTOOL.find()), "check", "metrics"], input=text, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
