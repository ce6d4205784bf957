"""Packages of the system: what is installed, what is told meanwhile, and what to do where there is no apt."""

import shutil
from pathlib import Path

import pytest

from deploy.local import programs, setup, system_packages
from deploy.local.binaries import MissingProgramError
from deploy.local.commands import CommandError


def _only(monkeypatch: pytest.MonkeyPatch, manager: str | None) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: name if name == manager else None)


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("pmstatus:libpq5:41.2000:Unpacking libpq5 (amd64)\n", [" 41 % Unpacking libpq5 (amd64)"]),
        ("pmstatus:libc6:amd64:7.5:Configuring libc6:amd64\n", ["  8 % Configuring libc6:amd64"]),
        ("dlstatus:3:12.5:Retrieving file 3 of 90 (5s remaining)\n", [" 12 % Retrieving file 3 of 90 (5s remaining)"]),
        ("media-change: Debian:cdrom\n", []),
        ("\n", []),
    ],
    ids=["unpacking", "architecture", "downloading", "other", "empty"],
)  # fmt: skip
def test_status_lines_of_apt_are_told_in_words(status: str, told: list[str]) -> None:
    assert list(system_packages._progress([status])) == told


@pytest.mark.parametrize(
    ("manager", "instruction"),
    [
        ("dnf", "Run as root: dnf install postgresql-server postgis chromium"),
        ("pacman", "Run as root: pacman -S postgresql postgis chromium"),
        (None, "On Debian: apt-get install postgresql postgresql-postgis chromium. Or run the containers: …"),
    ],
    ids=["fedora", "arch", "unknown"],
)
def test_without_apt_the_instruction_names_the_systems_own_packages(
    manager: str | None, instruction: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _only(monkeypatch, manager)
    with pytest.raises(CommandError) as refused:
        system_packages.install(["postgresql", "postgresql-postgis", "chromium"], why="no PostgreSQL here")
    assert str(refused.value).replace("docker compose up", "…") == f"no PostgreSQL here. {instruction}"


def test_a_program_that_tests_can_do_without_does_not_stop_the_set_up(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing() -> Path:
        raise MissingProgramError("no chromium here", "chromium")

    _only(monkeypatch, None)
    setup._try_to_install(missing)
    assert capsys.readouterr().err.endswith("The tests that need it are skipped\n")


def test_a_program_is_unpacked_beside_the_checkouts_state_and_not_installed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(programs, "LOCAL", tmp_path)
    monkeypatch.setattr(programs, "which", lambda _: None)
    assert programs.PROMTOOL.find() is None
    unpacked = tmp_path / "programs/prometheus/usr/bin/promtool"
    unpacked.parent.mkdir(parents=True)
    unpacked.touch()
    assert programs.PROMTOOL.find() == unpacked
