"""Every option and every line that takes a time takes those of the years 1970 to 3000 alone."""

import json

import pytest

from tests.command_line import Cli
from tests.moments import REFUSED, TAKEN

DISTANCES = ("99999999d", "999999999w", "in 999999999w")
OPTIONS = {
    "submit --at": ("submit", "probe.noop", "--at"),
    "jobs list --since": ("jobs", "list", "--since"),
    "jobs cancel --since": ("jobs", "cancel", "--dry-run", "--since"),
    "dead list --since": ("dead", "list", "--since"),
    "dead list --until": ("dead", "list", "--until"),
    "dead redrive --since": ("dead", "redrive", "--dry-run", "--since"),
    "dead discard --until": ("dead", "discard", "--dry-run", "--until"),
    "acts list --since": ("acts", "list", "--since"),
}
EDGES = ("before the calendar", "after the calendar", "too late", "without a zone")


@pytest.mark.parametrize("when", [*(REFUSED[name] for name in EDGES), *DISTANCES], ids=[*EDGES, *DISTANCES])
@pytest.mark.parametrize("command", OPTIONS.values(), ids=OPTIONS)
def test_options_refuse_other_times_in_one_line(cli: Cli, command: tuple[str, ...], when: str) -> None:
    line = cli.refusal(*command, when, code=2, ARXOS_PROBES="1")
    assert when in line


@pytest.mark.parametrize("field", ["run_at", "deadline"])
def test_lines_refuse_other_times_and_keep_nothing(cli: Cli, field: str) -> None:
    good = json.dumps({"kind": "probe.noop"})
    for when in REFUSED.values():
        lines = f"{good}\n{json.dumps({'kind': 'probe.noop', field: when})}\n"
        line = cli.refusal("submit", "--jsonl", "-", stdin=lines, code=1, ARXOS_PROBES="1")
        assert field in line
        assert "line 2" in line
        break  # one process is enough: the field's type is walked in unit/test_moments.py
    assert cli.world.sql("SELECT count(*) FROM jobs") == [(0,)]


def test_what_is_taken_is_listed(cli: Cli) -> None:
    lines = "\n".join(json.dumps({"kind": "probe.noop", "run_at": when, "deadline": when}) for when in TAKEN.values())
    done = cli.run("submit", "--jsonl", "-", stdin=lines, ARXOS_PROBES="1")
    assert done.returncode == 0, done.stderr
    assert len(json.loads(cli.run("jobs", "list", "--json").stdout)) == len(TAKEN)
    assert cli.run("jobs", "list").stdout.count("probe.noop") == len(TAKEN)
