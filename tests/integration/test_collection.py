"""The tests have the same names in the same order, whenever and wherever they are collected.

pytest-xdist refuses to run where two of its workers collect differently, and a name that changes cannot be run again.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HERE = {"ARXOS_TEST_DAY": "2026-01-02T03:04:05+00:00", "PYTHONHASHSEED": "1"}
ELSEWHERE = {
    "ARXOS_TEST_DAY": "2031-12-31T23:59:58+00:00",
    "PYTHONHASHSEED": "2",
    "TZ": "Asia/Kolkata",
    "LC_ALL": "C",
    "USER": "somebody",
    "COLUMNS": "40",
}


@pytest.mark.slow
@pytest.mark.timeout(400)  # a busy machine takes a while to import everything twice
def test_names_depend_on_no_clock_no_hash_seed_and_no_surroundings(tmp_path: Path) -> None:
    elsewhere = {**ELSEWHERE, "HOME": str(tmp_path)}
    runs = [_collecting(tmp_path / name, env) for name, env in (("here", HERE), ("elsewhere", elsewhere))]
    assert [run.wait() for run in runs] == [0, 0]
    here, there = ((tmp_path / name).read_text().splitlines() for name in ("here", "elsewhere"))
    assert len(here) > 1000
    assert [pair for pair in zip(here, there, strict=False) if pair[0] != pair[1]][:3] == []
    assert len(here) == len(there)


def _collecting(ids: Path, env: dict[str, str]) -> "subprocess.Popen[bytes]":
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "tests.other_day",
        "-p",
        "no:cacheprovider",
        "--collect-only",
        "-q",
    ]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    return subprocess.Popen(
        command, cwd=ROOT, env={**inherited, "ARXOS_TEST_IDS": str(ids), **env}, stdout=subprocess.DEVNULL
    )
