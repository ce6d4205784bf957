"""Copies of this checkout, each with a local stack of its own."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
_COPIED = ("arxos", "deploy", "examples", "requirements", "pyproject.toml", "run")


@dataclass(frozen=True, slots=True)
class Checkout:
    """A copy at `root`, set up already: its `.venv` is a link to ours, and its own code goes before ours."""

    root: Path

    @classmethod
    def at(cls, root: Path) -> "Checkout":
        """Copy what `./run` needs."""
        root.mkdir()
        for name in _COPIED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, root / name, ignore=shutil.ignore_patterns("__pycache__"))
            elif source.exists():
                shutil.copy2(source, root / name)
        (root / ".venv").symlink_to(sys.prefix)
        return cls(root)

    def run(self, *arguments: str, check: bool = True, **variables: str) -> subprocess.CompletedProcess[str]:
        """One command of `./run`, after its set-up."""
        command = [sys.executable, "-P", "-m", "deploy.local", *arguments]
        clean = {name: value for name, value in os.environ.items() if not name.startswith("ARXOS_")}
        environment = {**clean, "PYTHONPATH": str(self.root), **variables}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=110)
        if check:
            assert done.returncode == 0, done.stderr
        return done

    def pids(self) -> dict[str, int | None]:
        """The pid of each process of the stack."""
        return {process["name"]: process["pid"] for process in self.processes()}

    def states(self) -> dict[str, str]:
        """The state of each process of the stack."""
        return {process["name"]: process["state"] for process in self.processes()}

    def processes(self) -> list[dict[str, Any]]:
        """What `status --json` says."""
        answer = json.loads(self.run("status", "--json").stdout)
        processes: list[dict[str, Any]] = answer["processes"]
        return processes

    def leftovers(self) -> list[str]:
        """The command lines of all processes that have to do with this checkout."""
        return [line for line in map(_describe, Path("/proc").glob("[0-9]*")) if str(self.root) in line]


def _describe(process: Path) -> str:
    try:
        words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        variables = (process / "environ").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        return f"{words} in {(process / 'cwd').readlink()} with {variables}"
    except OSError:
        return ""
