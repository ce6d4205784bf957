"""The HTTP interface under load, beside a bare FastAPI endpoint, with everything on this machine.

PostgreSQL, Redis, two processes of the interface and the load generator share the cores. Nothing executes the jobs:
what is measured is the door.
"""

import os
import socket
import statistics
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from typing import Any

import httpx
import psycopg

from arxos.app.tokens import issue
from arxos.domain.access import Role
from benchmarks._processes import arxos, python, running, wait_until
from benchmarks._wrk import CONNECTIONS, Load, load
from deploy.local.checkout import ROOT

SECONDS = float(os.environ.get("BENCH_SECONDS", "8"))
ROUNDS = 3
PROCESSES = "2"
SECRET = "of the benchmark's own, never outside it"  # noqa: S105 - protects nothing
MODEL = ROOT / "examples" / "office.ifc"
POST = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"kind": "probe.noop", "payload": {}}'
"""

Report = dict[str, Any]


def run() -> Report:
    """Medians of three rounds; all contenders in turn in each."""
    os.environ |= {"ARXOS_JWT_SECRET": SECRET, "ARXOS_LOG_LEVEL": "warning", "ARXOS_PROBES": "1"}
    _sql("CREATE TABLE IF NOT EXISTS rival_jobs (id bigserial PRIMARY KEY, kind text, payload jsonb)")
    token = issue(SECRET, "bench", Role.ADMIN, 3600)
    with _serving(*arxos("api", "--workers", PROCESSES), path="/health/live") as ours, _bare() as bare:
        summary = _building_with_summary(ours, token)
        job = _client(ours, token).post("/api/jobs", json={"kind": "probe.noop"}).headers["location"]
        contenders: dict[str, Callable[[], Load]] = {
            "POST /api/jobs": lambda: load(f"{ours}/api/jobs", SECONDS, token=token, script=POST),
            "bare INSERT": lambda: load(f"{bare}/jobs", SECONDS, script=POST),
            "GET /api/jobs/{id}": lambda: load(ours + job, SECONDS, token=token),
            "GET summary, cached": lambda: load(ours + summary, SECONDS, token=token),
        }
        rounds = [{name: asdict(contender()) for name, contender in contenders.items()} for _ in range(ROUNDS)]
    return {"connections": CONNECTIONS, "seconds": SECONDS, "median": _medians(rounds), "rounds": rounds}


def table(report: Report) -> str:
    """The medians as text."""
    lines = [f"api: {report['connections']} connections, {report['seconds']:g} s each, medians of {ROUNDS}"]
    lines.append(f"{'':24}{'per s':>10}{'p50 ms':>10}{'p95 ms':>10}{'p99 ms':>10}{'errors':>10}")
    for name, load_ in report["median"].items():
        times = "".join(f"{load_[key]:>10.1f}" for key in ("p50_ms", "p95_ms", "p99_ms"))
        lines.append(f"{name:24}{load_['per_s']:>10,.0f}{times}{load_['error_rate']:>10.2%}")
    ratio = report["median"]["POST /api/jobs"]["per_s"] / report["median"]["bare INSERT"]["per_s"]
    return "\n".join([*lines, f"POST /api/jobs / bare INSERT{ratio:>6.1f}×"])


def _building_with_summary(url: str, token: str) -> str:
    """The path of the summary of a building whose model went through the pipeline."""
    with _client(url, token) as client, _pipeline():
        building = {"name": "Office", "address": "Beispielallee 12, 20457 Hamburg"}
        path = client.post("/api/buildings", json=building).raise_for_status().headers["location"]
        model = client.put(f"{path}/model?filename={MODEL.name}", content=MODEL.read_bytes()).raise_for_status()
        jobs = [job["id"] for job in model.json()["jobs"]]
        wait_until(lambda: all(_state(client, job) == "succeeded" for job in jobs), within_s=60, every_s=0.2)
    return f"{path}/summary"


@contextmanager
def _pipeline() -> Iterator[None]:
    with (
        running(*arxos("relay")),
        running(*arxos("worker", "--pool", "cpu", "--concurrency", "2")),
        running(*arxos("worker", "--pool", "io", "--concurrency", "2")),
    ):
        yield


def _state(client: httpx.Client, job: str) -> str:
    return str(client.get(f"/api/jobs/{job}").json()["state"])


@contextmanager
def _bare() -> Iterator[str]:
    command = python("uvicorn", "--loop", "uvloop", "--workers", PROCESSES, "--log-level", "error", "--no-access-log")
    with _serving(*command, "benchmarks.rivals.fastapi_plain:app", path="/docs") as url:
        yield url


@contextmanager
def _serving(*command: str, path: str) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with running(*command, "--port", str(port)):
        wait_until(lambda: _answers(url + path), within_s=30)
        yield url


def _answers(url: str) -> bool:
    with suppress(httpx.TransportError):
        return httpx.get(url).status_code == 200
    return False


def _client(url: str, token: str) -> httpx.Client:
    return httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=60)


def _medians(rounds: list[dict[str, dict[str, float]]]) -> dict[str, dict[str, float]]:
    return {
        name: {key: statistics.median(one[name][key] for one in rounds) for key in figures}
        for name, figures in rounds[0].items()
    }


def _sql(statement: str) -> None:
    with psycopg.connect(os.environ["ARXOS_DATABASE_URL"], autocommit=True) as connection:
        connection.execute(statement.encode())
