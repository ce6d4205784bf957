"""A job's life as server-sent events, with a relay and a worker."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.http import Api, running_api
from tests.running import Stack


@pytest.fixture(scope="module")
def live(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(stack.variables, tmp_path_factory.mktemp("events")) as api:
        yield api


def followed(api: Api, path: str, **headers: str) -> list[dict[str, Any]]:
    """All events until the stream ends."""
    found: list[dict[str, Any]] = []
    with api.viewer.stream("GET", path, headers=headers) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        body = "".join(stream.iter_text())
    for event in body.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in event.splitlines() if not line.startswith(":"))
        if fields:
            found.append({"id": fields["id"], "job": json.loads(fields["data"])})
    return found


def test_a_job_is_followed_to_its_end(live: Api) -> None:
    request = {"kind": "probe.progress", "payload": {"steps": 4, "seconds": 2}}
    job_id = live.editor.post("/api/jobs", json=request, headers={"X-Request-ID": "follow-me"}).json()["id"]
    events = followed(live, f"/api/jobs/{job_id}/events")
    states = [event["job"]["state"] for event in events]
    assert states[-1] == "succeeded"
    assert "running" in states
    assert len({event["id"] for event in events}) == len(events)
    progress = [event["job"]["progress"]["done"] for event in events if event["job"]["progress"]]
    assert progress == sorted(progress)
    assert len(progress) >= 2
    assert followed(live, f"/api/jobs/{job_id}/events", **{"Last-Event-ID": events[-1]["id"]}) == []


def test_a_job_that_is_over_is_told_once(live: Api) -> None:
    job_id = live.editor.post("/api/jobs", json={"kind": "probe.noop"}).json()["id"]
    followed(live, f"/api/jobs/{job_id}/events")
    [event] = followed(live, f"/api/jobs/{job_id}/events")
    job = event["job"]
    assert (job["state"], job["attempts"][0]["outcome"], job["attempts"][0]["error"]) == (
        "succeeded",
        "succeeded",
        None,
    )


def test_the_requests_id_is_in_the_workers_log(live: Api, stack: Stack) -> None:
    request = {"kind": "probe.fail", "payload": {"times": 1, "permanent": True}}
    job_id = live.editor.post("/api/jobs", json=request, headers={"X-Request-ID": "find-me-17"}).json()["id"]
    [event] = followed(live, f"/api/jobs/{job_id}/events")[-1:]
    assert event["job"]["state"] == "dead"
    log = Path(stack.folder / "worker.log").read_text().splitlines()
    told = [json.loads(line) for line in log if job_id in line and line.startswith("{")]
    assert told
    assert all(line.get("request_id") == "find-me-17" for line in told)
