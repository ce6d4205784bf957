"""The pipeline: import, validate, index and cache real models through the queue, beside the bare work on the same.

Three models of `../shared/data/ifc` where that folder is, else generated towers. Each contender in fresh processes, the
two in turn, medians of three rounds. Ours: from the import to the last settled job, workers up and idle before.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import redis

from arxos.app.bootstrap import Runtime, start
from arxos.app.settings import read_settings
from arxos.cli import importing
from arxos.domain.jobs.job import FINAL, Job, JobState
from arxos.storage.migrations import migrate
from benchmarks._memory import peak_of_sessions
from benchmarks._processes import arxos, python, running, wait_until

ROUNDS = 3
ROOT = Path(__file__).resolve().parents[1]
REAL = ROOT.parent / "shared" / "data" / "ifc"
MODELS = ("Duplex_A_20110907.ifc", "Office_model_CV2.ifc", "Schependomlaan_houten_kozijnen.ifc")
TOWERS = {"tower-5x10.ifc": (5, 10), "tower-10x20.ifc": (10, 20), "tower-20x30.ifc": (20, 30)}
ADDRESS = "1 Benchmark Street, Springfield"

Report = dict[str, Any]
Measured = dict[str, float]


def run() -> Report:
    """Seconds and peak memory (MiB) for each model, ours beside the bare work."""
    migrate(read_settings().database_url)
    with tempfile.TemporaryDirectory() as folder:
        return {path.name: _compare(path) for path in _models(Path(folder))}


def table(report: Report) -> str:
    """The report for people."""
    lines = [f"{'model':40}{'MB':>6}{'raw s':>9}{'ours s':>9}{'ratio':>8}{'raw MiB':>9}{'ours MiB':>10}"]
    for name, seen in report.items():
        raw, ours = seen["raw"], seen["arxos"]
        lines.append(
            f"{name:40}{seen['size_mb']:>6.1f}{raw['seconds']:>9.2f}{ours['seconds']:>9.2f}{seen['ratio']:>8.2f}"
            f"{raw['peak_mb']:>9.0f}{ours['peak_mb']:>10.0f}"
        )
    return "\n".join(lines)


def _models(folder: Path) -> Iterator[Path]:
    if REAL.is_dir():
        yield from (REAL / name for name in MODELS)
        return
    for name, (floors, rooms) in TOWERS.items():
        script = str(ROOT / "examples" / "make_tower.py")
        size = ("--floors", str(floors), "--rooms", str(rooms))
        subprocess.run([sys.executable, script, *size, str(folder / name)], check=True)
        yield folder / name


def _compare(path: Path) -> Report:
    rounds = [{"raw": _raw(path), "arxos": _arxos(path)} for _ in range(ROUNDS)]
    median = {who: _median([one[who] for one in rounds]) for who in ("raw", "arxos")}
    ratio = median["arxos"]["seconds"] / median["raw"]["seconds"]
    return {"size_mb": path.stat().st_size / 1e6, **median, "ratio": ratio, "rounds": rounds}


def _median(rounds: list[Measured]) -> Measured:
    return {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}


def _raw(path: Path) -> Measured:
    done = subprocess.run(python("benchmarks._raw_work", str(path)), check=True, capture_output=True, text=True)
    seen = json.loads(done.stdout)
    return {"seconds": seen["seconds"], "peak_mb": seen["peak_mb"]}


def _arxos(path: Path) -> Measured:
    """One import on a fresh relay and fresh workers: one cpu child for each of the two heavy jobs, one io thread."""
    settings = read_settings()
    with redis.Redis.from_url(settings.broker_url) as broker:
        broker.flushdb()
    runtime = start(settings, application="arxos-bench")
    with _stack() as workers, peak_of_sessions(*workers) as peak:
        began = time.time()
        building = importing.add_building(runtime, path.stem, ADDRESS)
        received = importing.receive_file(runtime, building.id, path, "bench")
        jobs = importing.jobs_of(runtime, building.id, received.model_id)
        wait_until(lambda: all(job.state in FINAL for job in _now(runtime, jobs)), within_s=900)
    last = max(job.finished_at.timestamp() for job in _succeeded(_now(runtime, jobs)) if job.finished_at)
    runtime.database.close()
    return {"seconds": last - began, "peak_mb": peak.mb}


@contextmanager
def _stack() -> Iterator[tuple[int, int]]:
    before = _workers()
    with (
        running(*arxos("relay")),
        running(*arxos("worker", "--pool", "cpu", "--concurrency", "2")) as cpu,
        running(*arxos("worker", "--pool", "io", "--concurrency", "1")) as io,
    ):
        wait_until(lambda: len(_workers() - before) >= 2)
        yield cpu.pid, io.pid


def _workers() -> frozenset[str]:
    with psycopg.connect(read_settings().database_url) as connection:
        return frozenset(str(row[0]) for row in connection.execute("SELECT id FROM workers"))


def _now(runtime: Runtime, jobs: list[Job]) -> list[Job]:
    with runtime.ports.unit_of_work() as uow:
        return [uow.jobs.get(job.id) for job in jobs]


def _succeeded(jobs: list[Job]) -> list[Job]:
    for job in jobs:
        if job.state is not JobState.SUCCEEDED:
            raise RuntimeError(f"{job.kind} {job.state}: {job.error_message}")
    return jobs
