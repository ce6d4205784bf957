"""`arxos` as its users meet it: a process, its exit code, its lines."""

import json
import os
import subprocess
import sys
from typing import Any

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
