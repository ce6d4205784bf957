"""Where refused messages go: into the log at once, into the table when it can be; nobody waits for that."""

import json
import threading
from collections.abc import Sequence

import pytest

from arxos.domain.errors import UnavailableError
from arxos.storage.quarantine import Refused
from arxos.workers import quarantine
from arxos.workers.admission import RefusedError
from arxos.workers.quarantine import WAITING, Quarantine
from tests.running import wait_until
from tests.unit.test_admission import KINDS, ONE, message


class Table:
    """A quarantine in memory; `newer`: kinds of which the ledger has the jobs that are asked for."""

    def __init__(self, *newer: str) -> None:
        self.rows: list[Refused] = []
        self.newer = newer
        self.outages = 0
        self.asked = 0
        self.open = threading.Event()
        self.open.set()

    def add(self, refused: Sequence[Refused]) -> list[bool]:
        self.open.wait()
        if self.outages:
            self.outages -= 1
            raise UnavailableError("the database does not answer")
        added = [not (one.unless and one.task in self.newer) for one in refused]
        self.rows += [one for one, was in zip(refused, added, strict=True) if was]
        self.asked += len(refused)
        return added


def a_message(task: str) -> bytes:
    return json.dumps(message(ONE, task=task)).encode()


def test_what_was_refused_is_told_and_recorded(capsys: pytest.CaptureFixture[str]) -> None:
    refusing = Quarantine(KINDS, (table := Table()).add)
    refusing.refuse("cache", 7, RefusedError("no JSON"))
    assert "message_quarantined" in capsys.readouterr().out
    wait_until(lambda: table.rows == [Refused("cache", "no JSON", 7)], "it is recorded", 5)


def test_an_outage_is_waited_out_and_keeps_nobody_waiting(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(quarantine, "RETRY_S", 0.01)
    refusing = Quarantine(KINDS, (table := Table()).add)
    table.outages = 2
    table.open.clear()
    for number in range(5):
        refusing.refuse("cache", number, RefusedError("no JSON"))
    assert (capsys.readouterr().out.count("message_quarantined"), table.rows) == (5, [])
    table.open.set()
    wait_until(lambda: [row.size_bytes for row in table.rows] == [0, 1, 2, 3, 4], "all are recorded", 5)


def test_of_a_flood_all_is_told_and_not_all_recorded(capsys: pytest.CaptureFixture[str]) -> None:
    refusing = Quarantine(KINDS, (table := Table()).add)
    table.open.clear()
    for _ in range(2 * WAITING):
        refusing.refuse("cache", 7, RefusedError("no JSON"))
    assert capsys.readouterr().out.count("message_quarantined") == 2 * WAITING
    table.open.set()
    wait_until(lambda: table.asked >= WAITING, "the others are recorded", 5)
    assert len(table.rows) < 2 * WAITING


def test_a_message_of_a_newer_relay_is_passed_on_and_not_refused(capsys: pytest.CaptureFixture[str]) -> None:
    opening = Quarantine(KINDS, (table := Table("probe.newer")).add)
    assert opening.open(a_message("probe.newer"), "cache")["headers"]["shadow"] == "probe.newer"
    wait_until(lambda: table.asked == 1, "the ledger was asked", 5)
    wait_until(lambda: "probe.newer" in opening._newer, "and believed", 5)
    opening.open(a_message("probe.newer"), "cache")
    opening.open(a_message("probe.noop"), "cache")
    assert (table.asked, table.rows, capsys.readouterr().out) == (1, [], "")


def test_who_names_an_unknown_kind_and_no_job_of_it_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    opening = Quarantine(KINDS, (table := Table()).add)
    opening.open(a_message("probe.invented"), "cache")
    wait_until(lambda: [row.task for row in table.rows] == ["probe.invented"], "it is recorded", 5)
    wait_until(lambda: "message_quarantined" in capsys.readouterr().out, "and told", 5)
