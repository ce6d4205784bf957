"""What the shell completes, asked as shells ask."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BIN = Path(sys.executable).parent
WITHOUT_SETTINGS = {name: value for name, value in os.environ.items() if not name.startswith("ARXOS_")}


def completed(line: str, **variables: str) -> list[str]:
    """What bash offers for the last word of the line."""
    asked = {"_ARXOS_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1)}
    command = [sys.executable, "-m", "arxos.cli.main"]
    environment = WITHOUT_SETTINGS | asked | variables
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "offers"),
    [
        ("arxos qu", ["queues"]),
        ("arxos jobs sho", ["show"]),
        ("arxos jobs list --si", ["--since"]),
        ("arxos jobs list --state d", ["dead"]),
        ("arxos jobs list --kind building.v", ["building.validate"]),
        ("arxos jobs list --queue ca", ["cache"]),
        ("arxos submit building.ind", ["building.index_geometry"]),
        ("arxos submit building.validate --queue ge", ["geometry"]),
        ("arxos queues pause val", ["validation"]),
        ("arxos kinds pause building.w", ["building.warm_cache"]),
        ("arxos dead list --queue ge", ["geometry"]),
        ("arxos schedules add nightly --kind ledger", ["ledger.prune", "ledger.repair"]),
        ("arxos worker --pool i", ["io"]),
        ("arxos jobs show 0", []),
    ],
)
def test_names_are_completed_without_any_setting(line: str, offers: list[str]) -> None:
    assert completed(line) == offers


def test_a_wrong_setting_is_no_obstacle() -> None:
    assert completed("arxos submit building.v", ARXOS_BROKER_URL="nonsense") == ["building.validate"]


def test_probes_are_offered_where_they_are_on() -> None:
    on = {
        "ARXOS_PROBES": "1",
        "ARXOS_DATABASE_URL": "postgresql://127.0.0.1:1/x",
        "ARXOS_BROKER_URL": "redis://127.0.0.1:1",
        "ARXOS_BLOB_URL": "file:///tmp",
    }
    assert completed("arxos submit probe.no", **on) == ["probe.noop"]


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
def test_bash_completes_with_the_script_that_the_command_prints() -> None:
    script = """
        eval "$(arxos --show-completion)"
        COMP_WORDS=(arxos jobs list --state su); COMP_CWORD=4
        _arxos_completion arxos
        echo "${COMPREPLY[@]}"
        complete -p arxos
    """
    environment = WITHOUT_SETTINGS | {"PATH": f"{BIN}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "--norc", "-c", script], env=environment, capture_output=True, text=True, check=False
    )
    offered, registered = done.stdout.splitlines()
    assert (offered, done.stderr) == ("succeeded", "")
    assert "_arxos_completion" in registered


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_are_answered_with_what_the_names_mean(shell: str) -> None:
    asked = {"_ARXOS_COMPLETE": f"complete_{shell}", "_TYPER_COMPLETE_ARGS": "arxos submit building.val"}
    asked["_TYPER_COMPLETE_FISH_ACTION"] = "get-args"
    command = [sys.executable, "-m", "arxos.cli.main"]
    done = subprocess.run(command, env=WITHOUT_SETTINGS | asked, capture_output=True, text=True, check=True)
    assert "building.validate" in done.stdout
    assert "uploaded model" in done.stdout
