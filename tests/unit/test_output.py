"""What commands print."""

import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

import pytest

from arxos.cli.output import print_json, print_table
from arxos.domain.jobs.job import JobState
from arxos.domain.visible_text import visible

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_piped_tables_are_columns_of_text(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("id", "state", "when", "error"), [(UUID(int=1), JobState.DEAD, NOW, None)])
    assert capsys.readouterr().out == (
        "id\tstate\twhen\terror\n00000000-0000-0000-0000-000000000001\tdead\t2026-01-01T12:00:00+00:00\t\n"
    )


@pytest.mark.parametrize("hostile", ["a\nb", "a\tb", "a\x1b[2Jb", "a\rb", "a\x00b", "a\u202eb", "a\x9bb"])
def test_text_of_users_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str], hostile: str) -> None:
    print_table(("error",), [(hostile,)])
    heading, line, rest = capsys.readouterr().out.split("\n")
    assert (heading, rest) == ("error", "")
    assert line[1:-1] == {"\n": " ", "\t": " ", "\r": " "}.get(hostile[1:-1], visible(hostile[1:-1]))
    assert line.isprintable()


def test_a_terminal_gets_a_table(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    print_table(("state", "note"), [(JobState.DEAD, "[bold]no markup[/]"), (JobState.QUEUED, "a\x1b[2Jb")])
    shown = capsys.readouterr().out
    assert "dead" in shown
    assert "[bold]no markup[/]" in shown
    assert "\x1b[2J" not in shown


@dataclass(frozen=True)
class Point:
    x: int
    at: datetime


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        ({"id": UUID(int=1)}, {"id": str(UUID(int=1))}),
        ([NOW], ["2026-01-01T12:00:00+00:00"]),
        (Point(1, NOW), {"x": 1, "at": "2026-01-01T12:00:00+00:00"}),
        (MappingProxyType({"a": (1, None)}), {"a": [1, None]}),
        ({"state": JobState.DEAD}, {"state": "dead"}),
        ("größe", "größe"),
    ],
)
def test_json_is_one_line_that_programs_can_read(capsys: pytest.CaptureFixture[str], value: Any, plain: Any) -> None:
    print_json(value)
    line = capsys.readouterr().out
    assert line.count("\n") == 1
    assert json.loads(line) == plain
