"""The interface held against its own description: whatever it is sent, it answers with something documented."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from arxos.app.tokens import issue
from arxos.domain.access import Role
from tests.http import SECRET, Api, running_api

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "15"))
CONFIG = Path(__file__).with_name("schemathesis.toml")
# Streams of events never end by themselves, and who revokes the token that it bears is let in no more: both have tests
# of their own.
LEFT_OUT = "/events$|/tokens/revoke$"


@pytest.fixture
def patient(api: Api, tmp_path: Path) -> Iterator[Api]:
    """An interface that lets anybody send as many wrong tokens as they like."""
    with running_api(api.world.variables | {"ARXOS_FAILURES_PER_MINUTE": "1000000"}, tmp_path) as patient:
        yield patient


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("role", [Role.SUPER_ADMIN, Role.EDITOR, Role.VIEWER, None], ids=lambda role: role or "nobody")
def test_no_request_meets_an_error_or_an_undocumented_answer(patient: Api, tmp_path: Path, role: Role | None) -> None:
    token = issue(SECRET, "fuzz", role, 3600) if role else "x.y.z"
    examples = EXAMPLES if role is Role.SUPER_ADMIN else max(1, EXAMPLES // 5)  # the others are mostly refused
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG), "run"]
    options = ["--checks", "all", "--max-examples", str(examples), "--exclude-path-regex", LEFT_OUT, "--no-color"]
    request = ["--header", f"Authorization: Bearer {token}", "--request-timeout", "30", "--seed", "1"]
    document = f"{patient.url}/api/openapi.json"
    done = subprocess.run(
        [*command, *options, *request, document], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    said = done.stdout.replace(token, "TOKEN")
    assert done.returncode == 0, said[-20_000:]
    assert patient.process.poll() is None
    assert "Traceback" not in patient.log.read_text()
