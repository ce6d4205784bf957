"""docs/producers.md: every snippet is run, in the order in which it is read."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from arxos.app.tokens import issue
from arxos.domain.access import Role
from deploy.local.programs import find_node
from tests.http import SECRET, Api, running_api
from tests.plain_celery import CLIENT, celery_of_their_own
from tests.running import Stack

ROOT = Path(__file__).resolve().parents[3]
GUIDE = ROOT / "docs" / "producers.md"
BLOCK = re.compile(r"^```(bash|python|javascript)( celery)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(language: str) -> str:
    """All snippets of a language, one after the other."""
    found = [code for name, celery, code in BLOCK.findall(GUIDE.read_text()) if name + celery == language]
    assert found
    return "\n".join(found)


@pytest.fixture(scope="module")
def guided(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """The interface, beside relay, ingress and workers of both pools."""
    others = [stack.start("worker", "--pool", "io", "--concurrency", "2"), stack.start("ingress")]
    with running_api(stack.variables, tmp_path_factory.mktemp("guide")) as api:
        yield api
    for process in others:
        process.terminate()
        process.wait(20)


def run(api: Api, *command: str, **variables: str) -> str:
    """What a snippet prints; it must succeed."""
    token = issue(SECRET, "shop", Role.EDITOR, 3600)
    given = {"ARXOS_API_URL": api.url, "ARXOS_TOKEN": token, "PATH": os.environ["PATH"], **variables}
    done = subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=False, timeout=110)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_curl(guided: Api) -> None:
    said = run(guided, "bash", "-euo", "pipefail", "-c", blocks("bash"))
    assert "\nsucceeded\n" in said
    assert re.search(r"}202\n.*}200\n", said, re.DOTALL), "the repeated request found the first one's job"
    assert '"payload.model_id"' in said
    assert "no model '00000000-0000-4000-8000-000000000000'" in said


def test_python(guided: Api) -> None:
    assert run(guided, sys.executable, "-c", blocks("python")).startswith("succeeded {")


def test_javascript(guided: Api) -> None:
    said = run(guided, str(find_node()), "--input-type=module", "-e", blocks("javascript"))
    assert said.endswith("succeeded\n")


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_plain_celery(guided: Api, stack: Stack) -> None:
    address = {"name": "Mill", "address": "4 Weir Lane, Bath"}
    building = guided.editor.post("/api/buildings", json=address).json()["id"]
    given = {"BUILDING": building, "ARXOS_BROKER_URL": stack.variables["ARXOS_BROKER_URL"], "PYTHONPATH": str(CLIENT)}
    said = run(guided, str(celery_of_their_own()), "-c", blocks("python celery"), **given)
    assert "'floors': 0" in said
