"""Callers that harm: whatever one of them does, the process is seen to live, and others' submissions are served."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from arxos.app.tokens import issue
from arxos.domain.access import Role
from tests.crowds import Prober, answered, ends, has_answer, peers, probed, request, status_of
from tests.faults.conftest import MakeSystem, Record
from tests.faults.oracle import Scenario
from tests.http import SECRET, Api, running_api
from tests.running import wait_until

pytestmark = pytest.mark.slow

LIVE_S = 15.0  # a second is what is asked; a machine that runs other tests beside this one gets more
SUBMIT_S = 20.0
CHUNKED = {"Transfer_Encoding": "chunked", "Content_Type": "application/json"}


@pytest.fixture
def api(make_system: MakeSystem, record: Record, tmp_path: Path) -> Iterator[tuple[Api, Scenario]]:
    system = make_system(roles=("relay", "worker-cpu"))
    with (
        running_api(system.variables, tmp_path, workers=2) as api,
        record(system, 61, "callers that harm", within_s=60, recovers_in=60) as told,
    ):
        yield api, told


@contextmanager
def harmed(api: Api, told: Scenario) -> Iterator[Prober]:
    """While the block lasts somebody harms: liveness is probed, and another caller's jobs are accepted."""
    with probed(api.url) as prober:
        yield prober
        for _ in range(20):
            submit(api, told)
    told.fault_over()
    assert prober.failed == []
    assert max(prober.took) < LIVE_S


def submit(api: Api, told: Scenario) -> None:
    """Somebody else's job, over a connection of its own."""
    headers = {"Authorization": f"Bearer {issue(SECRET, 'ada', Role.EDITOR, 600)}"}
    job = {"kind": "probe.effect", "payload": {"key": "61"}}
    answer = httpx.post(f"{api.url}/api/jobs", json=job, headers=headers, timeout=SUBMIT_S)
    assert answer.status_code == 202, answer.text
    told.accept([UUID(answer.json()["id"])])


@pytest.mark.parametrize("sources", [1, 20])
@pytest.mark.parametrize("head", [b"", b"GET /health/live HTTP/1.1\r\nHost: x\r\n"], ids=["silent", "half-a-head"])
def test_connections_that_are_merely_open(api: tuple[Api, Scenario], sources: int, head: bytes) -> None:
    served, told = api
    before = resident_mib(served)
    with harmed(served, told), peers(served.url, 10_000, head, sources):
        assert resident_mib(served) < before + 400
        submit(served, told)


def test_event_streams_of_one_viewer(api: tuple[Api, Scenario]) -> None:
    served, told = api
    job = {"kind": "probe.noop", "run_at": "2099-01-01T00:00:00Z"}
    path = served.admin.post("/api/jobs", json=job).headers["location"]
    token = issue(SECRET, "eve", Role.VIEWER, 600)
    with harmed(served, told), peers(served.url, 1_000, request("GET", f"{path}/events", token)) as streams:
        heads = [answered(one, 20) for one in streams]
        statuses = [status_of(head) for head in heads]
        assert set(statuses) <= {200, 429}
        assert 0 < statuses.count(200) <= 2 * 100
        assert all(b"retry-after: " in head.lower() for head in heads if status_of(head) == 429)


def test_bodies_that_do_not_come(api: tuple[Api, Scenario]) -> None:
    served, told = api
    token = issue(SECRET, "eve", Role.EDITOR, 600)
    head = request("POST", "/api/jobs/batch", token, **CHUNKED)
    with harmed(served, told), peers(served.url, 16, head), peers(served.url, 300, head):
        submit(served, told)


def test_uploads_that_trickle(api: tuple[Api, Scenario]) -> None:
    served, told = api
    building = {"name": "Office", "address": "Beispielallee 12, 20457 Hamburg"}
    path = served.editor.post("/api/buildings", json=building).headers["location"]
    head = request("PUT", f"{path}/model?filename=a.ifc", issue(SECRET, "eve", Role.EDITOR, 600), **CHUNKED)
    with harmed(served, told), peers(served.url, 40, head + b"4\r\nISO-\r\n", sources=10) as uploads:
        wait_until(lambda: len([one for one in uploads if has_answer(one)]) >= 40 - 2 * 4, "most to be refused")
        model = served.as_(Role.EDITOR, "ada").put(f"{path}/model?filename=b.ifc", content=b"ISO-10303-21;")
        assert model.status_code == 202, model.text


def test_large_bodies_without_a_token(api: tuple[Api, Scenario]) -> None:
    served, told = api
    body = json.dumps({"jobs": [{"kind": "probe.noop", "payload": {"a": "x" * 1000}}] * 30_000}).encode()
    head = request("POST", "/api/jobs/batch", Content_Length=str(len(body)), Content_Type="application/json")
    before = resident_mib(served)
    with harmed(served, told), peers(served.url, 30, head) as strangers:
        for one in strangers:
            assert status_of(answered(one, 20)) == 401
            assert ends(one, 20)
        assert resident_mib(served) < before + 100


def test_large_bodies_with_a_token(api: tuple[Api, Scenario]) -> None:
    served, told = api
    eve = served.as_(Role.EDITOR, "eve")
    empty = b'{"jobs": [' + b",".join([b'{"kind": "probe.noop", "payload": {}}'] * 800_000) + b"]}"
    wide = b'{"kind": "probe.noop", "payload": {' + b",".join(b'"%d": 0' % n for n in range(300_000)) + b"}}"
    with harmed(served, told):
        for body in (empty, wide) * 3:
            answer = eve.post("/api/jobs/batch", content=body, headers={"Content-Type": "application/json"})
            assert answer.status_code in {413, 422}, answer.text[:200]
            assert len(answer.content) < 100_000


def resident_mib(api: Api) -> float:
    """Memory of the interface's processes together."""
    with ExitStack() as files:
        pids = [api.process.pid, *children(api.process.pid)]
        lines = [files.enter_context(Path(f"/proc/{pid}/status").open()).read() for pid in pids]
    return sum(int(text.partition("VmRSS:")[2].split()[0]) for text in lines) / 1024


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
