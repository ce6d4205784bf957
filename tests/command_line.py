"""`arxos` as its users meet it: a process, its exit code, its lines."""

import atexit
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

import pytest

from arxos.cli.main import main
from tests.worlds import PostgresWorld


class Cli:
    """The command line in processes of its own, on one database without any worker."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment
        self.world = PostgresWorld(environment["ARXOS_DATABASE_URL"])

    def run(self, *arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "arxos.cli.main", *arguments]
        variables = os.environ | self._environment | environment
        return subprocess.run(command, env=variables, input=stdin, capture_output=True, text=True, check=False)

    def ok(self, *arguments: str, stdin: str = "") -> str:
        """What a command that succeeds prints."""
        done = self.run(*arguments, stdin=stdin)
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        return done.stdout.rstrip("\n")

    def document(self, *arguments: str) -> Any:
        return json.loads(self.ok(*arguments, "--json"))

    def refusal(self, *arguments: str, code: int, stdin: str = "", **environment: str) -> str:
        """The one line of a command that is refused."""
        done = self.run(*arguments, stdin=stdin, **environment)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (code, "", 1), done.stderr
        return done.stderr.rstrip("\n")


class QuickCli(Cli):
    """The same commands within this process, for tests that try many: none waits for Python to start."""

    def run(self, *arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        endings: list[Callable[[], object]] = []
        said, told = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(said), redirect_stderr(told):
            for name, value in (self._environment | environment).items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["arxos", *arguments])
            patch.setattr(sys, "stdin", io.StringIO(stdin))
            patch.setattr(atexit, "register", endings.append)
            code = _ended(main)
            for end in endings:
                end()
        return subprocess.CompletedProcess(arguments, code, said.getvalue(), told.getvalue())


def _ended(command: Callable[[], None]) -> int:
    try:
        command()
    except SystemExit as exit_:
        return int(exit_.code or 0)
    return 0
