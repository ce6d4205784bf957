"""Each mechanism earns its place: with it taken away, a test that defends a promise fails."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.oracle import FAULTS_FOLDER

ROOT = Path(__file__).resolve().parents[2]
FLOOD, INGRESS = "test_flood.py", "test_ingress.py"
DEATHS, REDIS, DELIVERY, TIME = "test_process_death.py", "test_redis.py", "test_delivery.py", "test_time.py"
CRASHES, LIMITS, CANCEL = "test_crash_points.py", "test_limits.py", "test_cancel.py"
POSTGRES, POSTGRES_LIMITS = "test_postgres.py", "test_postgres_limits.py"
DAMAGE = "test_damaged_rows.py"
FAILS_WITHOUT = [
    ("fencing", DEATHS, "paused_beyond_its_lease"),
    ("fencing", CRASHES, "unanswered"),
    ("guarded-claim", DELIVERY, "same_message"),
    ("guarded-claim", CRASHES, "reported"),
    ("lost-answers", CRASHES, "unanswered"),
    ("lease", DEATHS, "killed_parent"),
    ("republish", REDIS, "flushall"),
    ("poison", DEATHS, "poison"),
    ("hard-limits", LIMITS, "deaf or memory"),
    ("guard", LIMITS, "orphan"),
    ("drain", LIMITS, "asks_twice"),
    ("telling", CANCEL, "two_seconds and sleeps"),
    ("cancel-grace", CANCEL, "mates"),
    ("notices", CANCEL, "late"),
    ("tidiness", CANCEL, "started"),
    ("patience", POSTGRES, "restart and settle-SIGQUIT"),
    ("sight", POSTGRES, "longer_than_the_lease"),
    ("short-waits", POSTGRES, "however_long"),
    ("idle-limit", POSTGRES, "vanishes"),
    ("haste", POSTGRES_LIMITS, "keeps_its_lease"),
    ("fresh-connections", POSTGRES_LIMITS, "read_only and DATABASE"),
    ("vacuum-alarm", POSTGRES_LIMITS, "long_transaction"),
    ("slot", TIME, "two_beats"),
    ("slot-transaction", TIME, "between_any"),
    ("stalled-beat", TIME, "stalls"),
    ("one-entry", TIME, "broken_entry"),
    ("database-clock", TIME, "moves_no_slot"),
    ("turns", FLOOD, "flood and 20k"),
    ("one-relay-at-a-time", FLOOD, "limits"),
    ("left-until-committed", INGRESS, "again_and_again"),
    ("its-own-id", INGRESS, "between_the_commit"),
    ("tolerance", DAMAGE, "unharmed"),
    ("claim-failures", DAMAGE, "unharmed"),
]


TAKE_AWAY = """
import os
from tests.faults.sabotage import MECHANISMS
for name, take_away in MECHANISMS.items():
    if (child := os.fork()) == 0:
        try:
            take_away()
        except BaseException as error:
            print(name, error, flush=True)
        os._exit(0)
    os.waitpid(child, 0)
"""


def test_every_mechanism_can_still_be_taken_away() -> None:
    """The product has not moved on: else what takes it away would fail, and not the promise."""
    done = subprocess.run([sys.executable, "-c", TAKE_AWAY], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == ""


@pytest.mark.faults_slow
@pytest.mark.parametrize(("mechanism", "file", "tests"), FAILS_WITHOUT, ids=[row[0] for row in FAILS_WITHOUT])
def test_a_promise_is_broken_without_its_mechanism(mechanism: str, file: str, tests: str, tmp_path: Path) -> None:
    path = f"tests/faults/{file}"
    command = [sys.executable, "-m", "pytest", "-n0", "-q", "--faults", path, "-k", tests]
    apart = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "TEST_RUN_"))}
    environment = apart | {FAULTS_FOLDER: str(tmp_path)}
    done = subprocess.run(
        [*command, "-x", "--without", mechanism], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stdout[-3000:]  # 1: a test failed; others: none was found, or it broke
    assert "AssertionError" in done.stdout
