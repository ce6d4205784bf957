"""Whoever reads what a command prints may go away, as `head` does: that is no failure, and nothing is said of it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from arxos.cli.main import command_line
from deploy.local.checkout import ROOT
from tests.command_line import Cli

WITH_AN_EFFECT = {("demo",), ("dead", "redrive")}
MAY_FAIL = {("doctor",), ("report", "slo")}  # their exit codes say how things are


def _lists(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """All commands that print something and need no argument."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _lists(command, (*path, name))
        elif any("--json" in one.opts for one in command.params) and not any(one.required for one in command.params):
            yield (*path, name)


LISTS = sorted(set(_lists(command_line())) - WITH_AN_EFFECT)
PRINTED = [*LISTS, ("kinds",), ("kinds", "--json"), ("jobs", "list", "--json"), ("--help",), ("jobs", "--help")]
PRINTED += [("--version",), ("--show-completion",)]


def unread(command: Sequence[str], environment: dict[str, str], *, errors: bool = False) -> tuple[int, str]:
    """Exit code and complaints of a command whose reader is gone from the start; with `errors`, that of stderr too."""
    reader, writer = os.pipe()
    os.close(reader)
    stderr = writer if errors else subprocess.PIPE
    done = subprocess.run(
        command,
        env=environment,
        cwd=ROOT,
        stdout=writer,
        stderr=stderr,
        stdin=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    os.close(writer)
    return done.returncode, done.stderr or ""


@pytest.mark.slow
@pytest.mark.timeout(300)  # forty processes, on a machine that may be busy
def test_every_command_that_prints_may_lose_its_reader(cli: Cli) -> None:
    assert len(LISTS) > 20
    given = "".join(f"{json.dumps(words)}\n" for words in PRINTED)
    program = [sys.executable, "-m", "tests.unread_commands"]
    environment = os.environ | cli._environment | {"SHELL": "/bin/bash"}
    done = subprocess.run(program, env=environment, cwd=ROOT, input=given, capture_output=True, text=True, check=True)
    ends = dict(zip(PRINTED, map(json.loads, done.stdout.splitlines()), strict=True))
    remarks = {one: said.splitlines() for one, (_, said) in ends.items()}
    assert [said for lines in remarks.values() for said in lines if not said.startswith("arxos: ")] == []
    assert {one: code for one, (code, _) in ends.items() if code and one not in MAY_FAIL} == {}


def test_what_failed_still_fails_where_nobody_reads_why(cli: Cli) -> None:
    program = [sys.executable, "-m", "arxos.cli.main"]
    environment = os.environ | cli._environment
    assert unread([*program, "jobs", "list", "--since", "soon"], environment, errors=True)[0] == 2
    assert unread([*program, "kinds", "pause", "no.kind"], environment, errors=True)[0] == 1


@pytest.mark.parametrize("command", [("status",), ("status", "--json"), ("up", "--help")])
def test_the_commands_of_the_checkout_may_lose_theirs(command: tuple[str, ...]) -> None:
    program = [sys.executable, "-P", "-m", "deploy.local"]
    assert unread([*program, *command], os.environ | {"PYTHONPATH": str(ROOT)}) == (0, "")
