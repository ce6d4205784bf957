"""The queue: jobs per second and latency, ours beside plain Celery and dramatiq on the same servers in the same run."""

import importlib
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import psycopg
import redis

from arxos.app.bootstrap import Runtime, start
from arxos.app.settings import read_settings
from arxos.cli.submit import insert
from arxos.domain.jobs.job import NewJob
from arxos.storage.migrations import migrate
from arxos.tasks.request import JobRequest, new_job
from benchmarks._processes import arxos, python, running, wait_until

ROUNDS = 3
OURS = int(os.environ.get("BENCH_JOBS", "40000"))
RIVALS = OURS // 16  # enough for seconds of work at their rate
SAMPLES = 300
WARM_UP = 200

Report = dict[str, Any]


def run() -> Report:
    """Medians of three rounds, the contenders in turn in each round."""
    os.environ["ARXOS_PROBES"] = "1"
    os.environ["ARXOS_LOG_LEVEL"] = "warning"
    migrate(read_settings().database_url)
    _sql("CREATE TABLE IF NOT EXISTS rival_effects (key text, at timestamptz DEFAULT clock_timestamp())")
    rounds = [{name: contender() for name, contender in CONTENDERS.items()} for _ in range(ROUNDS)]
    return {"jobs": {"ours": OURS, "rivals": RIVALS}, "median": _medians(rounds), "rounds": rounds}


def table(report: Report) -> str:
    """The medians as text, with ours over each rival."""
    columns = ("no-op/s", "effect/s", "submit/s", "p50 ms", "p95 ms", "p99 ms")
    lines = [
        f"queue: {report['jobs']['ours']} jobs of ours, {report['jobs']['rivals']} of each rival, medians of {ROUNDS}"
    ]
    lines.append(f"{'':24}" + "".join(f"{column:>12}" for column in columns))
    for name, figures in report["median"].items():
        lines.append(f"{name:24}" + "".join(f"{figures.get(column, float('nan')):>12,.1f}" for column in columns))
    ours = report["median"]["arxos"]
    for rival in ("celery", "dramatiq"):
        theirs = report["median"][rival]
        ratios = "".join(f"{ours[c] / theirs[c]:>11.1f}×" for c in columns[:2])
        lines.append(f"{'arxos / ' + rival:24}{ratios}")
    return "\n".join(lines)


def _arxos() -> dict[str, float]:
    runtime = start()
    _clean()
    with _processes(arxos("relay"), arxos("worker", "--pool", "cpu", "--concurrency", "2")):
        _finish(runtime, [_job(runtime, "probe.noop") for _ in range(WARM_UP)])
        noop, submit = _through_the_cli("probe.noop", "{}")
        effect, _ = _through_the_cli("probe.effect", '{"key": "k"}')
        waits = [_latency(runtime) for _ in range(SAMPLES)]
    runtime.database.close()
    return {"no-op/s": noop, "effect/s": effect, "submit/s": submit, **_percentiles(waits)}


def _through_the_cli(kind: str, payload: str) -> tuple[float, float]:
    """(jobs/s from the start of `submit --jsonl` to the last settle, jobs/s of the submission alone)."""
    _sql("TRUNCATE jobs, attempts, job_edges, probe_effects")
    line = f'{{"kind": "{kind}", "payload": {payload}}}\n'
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as lines:
        lines.write(line * OURS)
        lines.flush()
        began = time.time()
        subprocess.run(arxos("submit", "--jsonl", lines.name), check=True, stdout=subprocess.DEVNULL)
        submitted = time.time()
    done = "SELECT count(*) FROM jobs WHERE state = 'succeeded'"
    wait_until(lambda: _sql(done) == OURS)
    if kind == "probe.effect" and _sql("SELECT count(*) FROM probe_effects") != OURS:
        raise AssertionError("effects are lost or doubled")
    last = _sql("SELECT extract(epoch FROM max(finished_at))::float FROM jobs")
    return OURS / (last - began), OURS / (submitted - began)


def _latency(runtime: Runtime) -> float:
    """Seconds from before the submission to the settled job, with nothing else to do."""
    began = time.time()
    [job_id] = insert(runtime, [_job(runtime, "probe.noop")])
    query = f"SELECT extract(epoch FROM finished_at)::float FROM jobs WHERE id = '{job_id}'"  # noqa: S608 - a uuid
    wait_until(lambda: _sql(query) is not None, every_s=0.02)
    return float(_sql(query)) - began


def _job(runtime: Runtime, kind: str) -> NewJob:
    return new_job(runtime.kinds, JobRequest(kind=kind))


def _finish(runtime: Runtime, jobs: list[NewJob]) -> None:
    insert(runtime, jobs)
    wait_until(lambda: _sql("SELECT count(*) FROM jobs WHERE state <> 'succeeded'") == 0)


def _celery() -> dict[str, float]:
    rival = importlib.import_module("benchmarks.rivals.celery_plain")  # reads the servers' addresses when imported

    worker = python("celery", "-A", "benchmarks.rivals.celery_plain", "worker", "--concurrency", "2")
    return _rival(
        worker,
        noop=rival.noop.delay,
        effect=rival.effect.delay,
        latency=rival.latency.delay,
        left=lambda client: client.llen("celery") + client.hlen("unacked"),
    )


def _dramatiq() -> dict[str, float]:
    rival = importlib.import_module("benchmarks.rivals.dramatiq_plain")

    worker = python("dramatiq", "benchmarks.rivals.dramatiq_plain", "--processes", "2", "--threads", "8")
    return _rival(
        worker,
        noop=rival.noop.send,
        effect=rival.effect.send,
        latency=rival.latency.send,
        left=lambda client: client.hlen("dramatiq:default.msgs"),
    )


def _rival(
    worker: Sequence[str],
    *,
    noop: Callable[[], object],
    effect: Callable[[str], object],
    latency: Callable[[float], object],
    left: Callable[[Any], int],
) -> dict[str, float]:
    _clean()
    with _processes(worker), redis.Redis.from_url(os.environ["ARXOS_BROKER_URL"]) as client:
        for _ in range(WARM_UP):
            noop()
        wait_until(lambda: left(client) == 0)
        began = time.time()
        for _ in range(RIVALS):
            noop()
        submitted = time.time()
        wait_until(lambda: left(client) == 0, every_s=0.02)
        finished = time.time()
        effects = _rival_effects(effect)
        waits = [_rival_latency(client, latency) for _ in range(SAMPLES)]
    return {
        "no-op/s": RIVALS / (finished - began),
        "effect/s": effects,
        "submit/s": RIVALS / (submitted - began),
        **_percentiles(waits),
    }


def _rival_effects(effect: Callable[[str], object]) -> float:
    _sql("TRUNCATE rival_effects")
    began = time.time()
    for _ in range(RIVALS):
        effect("k")
    wait_until(lambda: _sql("SELECT count(*) FROM rival_effects") == RIVALS)
    return float(RIVALS / (_sql("SELECT extract(epoch FROM max(at))::float FROM rival_effects") - began))


def _rival_latency(client: Any, latency: Callable[[float], object]) -> float:
    latency(time.time())
    return float(client.blpop("rival:latency", timeout=60)[1])


@contextmanager
def _processes(*commands: Sequence[str]) -> Iterator[None]:
    with ExitStack() as stack:
        for command in commands:
            stack.enter_context(running(*command))
        yield


def _clean() -> None:
    with redis.Redis.from_url(os.environ["ARXOS_BROKER_URL"]) as client:
        client.flushdb()
    _sql("TRUNCATE jobs, attempts, job_edges, probe_effects, rival_effects")


_connection: list[psycopg.Connection[Any]] = []


def _sql(statement: str) -> Any:
    """The first value of a statement's first row; None where it has none. One connection for the whole run."""
    if not _connection:
        _connection.append(psycopg.connect(os.environ["ARXOS_DATABASE_URL"], autocommit=True))
    cursor = _connection[0].execute(statement)
    row = cursor.fetchone() if cursor.description else None
    return row[0] if row else None


def _percentiles(seconds: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(seconds, n=100)
    return {"p50 ms": cuts[49] * 1000, "p95 ms": cuts[94] * 1000, "p99 ms": cuts[98] * 1000}


def _medians(rounds: list[dict[str, dict[str, float]]]) -> dict[str, dict[str, float]]:
    return {
        name: {figure: statistics.median(one[name][figure] for one in rounds) for figure in rounds[0][name]}
        for name in rounds[0]
    }


CONTENDERS: dict[str, Callable[[], dict[str, float]]] = {"arxos": _arxos, "celery": _celery, "dramatiq": _dramatiq}
