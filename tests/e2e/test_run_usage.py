"""`./run` itself: what it says to a newcomer."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def _run(*arguments: str, folder: Path = ROOT, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **variables}
    return subprocess.run(
        [ROOT / "run", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize("arguments", [[], ["help"], ["--help"]])
def test_run_says_what_it_can_do(arguments: list[str]) -> None:
    done = _run(*arguments)
    assert done.returncode == 0
    for command in ("demo", "test", "up", "down", "status", "logs", "env", "check", "bench", "arxos"):
        assert f"{command} " in done.stdout


def test_an_unknown_command_is_bad_use_and_one_line() -> None:
    done = _run("dance")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "run: no command 'dance': ./run lists them\n")


def test_a_machine_without_python_is_told_what_to_install(tmp_path: Path) -> None:
    for tool in ("bash", "dirname", "cat"):
        (tmp_path / tool).symlink_to(Path("/usr/bin") / tool)
    done = _run("up", PATH=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr == "run: no Python from 3.11 to 3.14 found: install python3\n"


def test_run_is_not_led_astray_by_where_it_is_called(tmp_path: Path) -> None:
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "__init__.py").write_text("raise SystemExit('the wrong folder')")
    done = _run("status", "--bad-option", folder=tmp_path)
    assert done.returncode == 2
    assert "usage: ./run status" in done.stderr


def test_bad_use_of_a_command_is_exit_2() -> None:
    assert _run("up", "--sideways").returncode == 2
