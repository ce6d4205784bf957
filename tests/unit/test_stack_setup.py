"""When a checkout counts as set up, and when it is to be repaired."""

import json
import sys
from pathlib import Path

import pytest

from deploy.local import python_packages as packages
from deploy.local import setup
from deploy.local.checkout import ROOT


@pytest.fixture(autouse=True)
def venv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    venv = tmp_path / ".venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(sys.executable)
    monkeypatch.setattr(packages, "VENV", venv)
    monkeypatch.setattr(packages, "_PYTHON", venv / "bin" / "python")
    monkeypatch.setattr(packages, "_STAMP", venv / "set-up.json")
    monkeypatch.setattr(packages, "_HALF_MADE", venv / "half-made")
    _stamp(venv, "run", "dev")
    return venv


def _stamp(venv: Path, *locks: str) -> None:
    (venv / "set-up.json").write_text(json.dumps({lock: packages._fingerprint(lock) for lock in locks}))


def test_a_stamped_environment_is_ready() -> None:
    assert packages.is_current("run")
    assert packages.is_current("dev")


def test_an_environment_without_a_stamp_is_not_ready(venv: Path) -> None:
    (venv / "set-up.json").unlink()
    assert not packages.is_current("run")


def test_an_environment_whose_installation_was_cut_off_is_made_anew(venv: Path) -> None:
    (venv / "half-made").touch()
    assert not packages.is_current("run")
    assert not packages._can_be_continued(packages._by_uv("uv", {}))


def test_the_tools_are_not_there_after_a_set_up_without_them(venv: Path) -> None:
    _stamp(venv, "run")
    assert packages.is_current("run")
    assert not packages.is_current("dev")


def test_an_environment_whose_python_is_gone_is_made_anew(venv: Path) -> None:
    (venv / "bin" / "python").unlink()
    (venv / "bin" / "python").symlink_to("/nowhere/python3")
    assert not packages.is_current("run")
    assert not packages._can_be_continued(packages._by_uv("uv", {}))


def test_a_moved_checkout_is_set_up_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pyproject.toml").symlink_to(ROOT / "pyproject.toml")
    (tmp_path / "requirements").symlink_to(ROOT / "requirements")
    monkeypatch.setattr(packages, "ROOT", tmp_path)
    assert not packages.is_current("run")


@pytest.mark.parametrize("command", ["down", "status", "logs", "env"])
def test_looking_at_the_stack_installs_nothing(command: str, venv: Path) -> None:
    (venv / "set-up.json").unlink()
    setup.set_up(command)
    assert not (venv / "set-up.json").exists()
