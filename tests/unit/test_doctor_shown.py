"""The doctor's findings in a terminal."""

import sys

import pytest

from arxos.cli.doctor import WIDEST, document, show
from arxos.doctor.catalogue import catalogue
from arxos.doctor.finding import Finding, Section, Severity

SECTIONS = [
    Section("Broker", (Finding("redis.version", Severity.OK, "Redis 7.2.4", "nothing to do"),)),
    Section("Broker", (Finding("redis.eviction", Severity.ERROR, "maxmemory-policy allkeys-lru", "set noeviction"),)),
    Section("Work", (Finding("queues.paused", Severity.WARNING, "paused by \x1b[2Jann", "resume it", "geometry"),)),
    Section("Work", (Finding("queues.waiting", Severity.SKIPPED, "no database"),)),
]


@pytest.fixture
def shown(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> str:
    """On a wide terminal without colours."""
    for name, value in (("COLUMNS", "120"), ("TERM", "dumb"), ("ARXOS_PAGER", "cat")):
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    show(SECTIONS, every=True)
    return capsys.readouterr().out


def test_what_is_fine_is_only_counted(capsys: pytest.CaptureFixture[str], shown: str) -> None:
    show(SECTIONS, every=False)
    few = capsys.readouterr().out
    assert "redis.version" in shown
    assert "redis.version" not in few
    assert few.startswith("1 to repair, 1 to watch, 1 skipped, 1 fine")
    show(SECTIONS[:1], every=False)
    assert capsys.readouterr().out == "1 fine\n"


def test_findings_stand_in_groups_with_marks_and_advice_where_it_is_wanted(shown: str) -> None:
    lines = [line.strip() for line in shown.splitlines() if line.strip()]
    assert lines[0] == lines[-1] == "1 to repair, 1 to watch, 1 skipped, 1 fine"
    assert [line for line in lines if line in {"Broker", "Work"}] == ["Broker", "Work"]
    assert "→ set noeviction" in lines
    assert "→ nothing to do" not in lines
    assert [line[0] for line in lines if line[1:2] == " " and line[0] in "✓✗!–"] == ["✓", "✗", "!", "–"]


def test_what_others_have_named_cannot_steer_the_terminal(shown: str) -> None:
    assert "\x1b[2J" not in shown


def test_the_document_counts_every_severity_and_names_the_worst() -> None:
    told = document(SECTIONS, 0.123)
    assert (told["status"], told["seconds"]) == ("error", 0.12)
    assert told["counts"] == {"ok": 1, "info": 0, "skipped": 1, "warning": 1, "error": 1}


def test_every_id_fits_its_column() -> None:
    assert max(map(len, catalogue())) <= WIDEST
