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


def _pretend(folder: Path, name: str, since: str) -> None:
    """A Python that is at least version `since` when asked, and then only says its name."""
    script = folder / name
    script.write_text(
        f'#!/bin/bash\n[ "$1" = -c ] && [[ ! "$3" > "{since}" ]] && exit 0\n[ "$1" = -P ] && echo {name}\n'
    )
    script.chmod(0o755)


@pytest.mark.parametrize(
    ("pythons", "taken"),
    [
        ({"python3": "3.11.7", "python3.13": "3.13.1"}, "python3"),
        ({"python3": "3.11.2", "python3.13": "3.13.1"}, "python3.13"),
        ({"python3": "3.11.2", "python3.12": "3.10.0"}, "python3"),
    ],
)
def test_a_python_with_known_faults_is_taken_only_where_there_is_no_other(
    pythons: dict[str, str], taken: str, tmp_path: Path
) -> None:
    for tool in ("bash", "dirname", "cat"):
        (tmp_path / tool).symlink_to(Path("/usr/bin") / tool)
    for name, since in pythons.items():
        _pretend(tmp_path, name, since)
    done = _run("status", PATH=str(tmp_path))
    assert done.stdout.splitlines() == [taken, taken]  # set-up, then the command


def test_the_callers_python_is_taken_or_refused(tmp_path: Path) -> None:
    done = _run("status", RUN_PYTHON=str(tmp_path / "python3"))
    assert (done.returncode, done.stderr) == (1, f"run: RUN_PYTHON={tmp_path}/python3 is no Python from 3.11 to 3.14\n")
