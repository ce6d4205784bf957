"""Bars on stderr."""

import sys

import pytest

from arxos.cli.progress import bar, job_bars
from arxos.domain.jobs.job import JobState
from tests.builders import job

Captured = pytest.CaptureFixture[str]
Patch = pytest.MonkeyPatch


def on_a_terminal(monkeypatch: Patch) -> None:
    """Stderr is a terminal, stdout is piped. Within the test: between its phases pytest changes the streams."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)


def test_a_bar_counts_with_rate_and_remaining_time(capsys: Captured, monkeypatch: Patch) -> None:
    on_a_terminal(monkeypatch)
    with bar(2_000, "redriving") as act:
        for _ in range(1_500):
            act.advance()
    shown = capsys.readouterr().err
    assert "redriving" in shown
    assert "1,500 of 2,000" in shown
    assert "/s" in shown


def test_a_total_may_be_of_something_else_than_what_is_counted(capsys: Captured, monkeypatch: Patch) -> None:
    on_a_terminal(monkeypatch)
    with bar(1e6, "submitting", counted=False) as act:
        act.advance(10_000, part=5e5)
    shown = capsys.readouterr().err
    assert "10,000 " in shown
    assert "1,000,000" not in shown


def test_without_a_total_there_is_still_a_count(capsys: Captured, monkeypatch: Patch) -> None:
    on_a_terminal(monkeypatch)
    with bar(None, "submitting") as act:
        act.advance(42)
    shown = capsys.readouterr().err
    assert "42" in shown
    assert "42 of" not in shown


def test_what_is_piped_away_meanwhile_goes_where_it_was_to(capsys: Captured, monkeypatch: Patch) -> None:
    on_a_terminal(monkeypatch)
    with bar(1, "submitting"):
        sys.stdout.write("an id\n")
    out, err = capsys.readouterr()
    assert out == "an id\n"
    assert "an id" not in err


def test_no_terminal_no_bar(capsys: Captured) -> None:
    with bar(10, "redriving") as act:
        act.advance(10)
    with job_bars() as look:
        look([job(state=JobState.SUCCEEDED)])
    assert capsys.readouterr() == ("", "")


def test_jobs_show_their_state_and_what_they_say_of_themselves(capsys: Captured, monkeypatch: Patch) -> None:
    on_a_terminal(monkeypatch)
    hostile = "half\x1b[2J [bold]done"
    running = job(state=JobState.RUNNING, progress=0.5, progress_note=hostile)
    with job_bars() as look:
        look([running])
    shown = capsys.readouterr().err
    assert running.kind in shown
    assert "half\\x1b[2J [bold]done" in shown
    assert "\x1b[2J" not in shown
