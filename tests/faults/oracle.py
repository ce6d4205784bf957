"""The oracle of every scenario: each accepted job in one final state, its effect exactly once, by nobody's hand."""

import json
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from arxos.domain.jobs.job import FINAL, JobState
from tests.faults.system import QUEUE_OF, System
from tests.running import wait_until

FAULTS_FOLDER = "FAULTS_FOLDER"  # the variable that names where this run's figures are kept


@dataclass(frozen=True, slots=True)
class Figures:
    """What a scenario came to. `seconds`: from the end of the fault until the last accepted job was final."""

    scenario: int
    title: str
    variant: str
    accepted: int
    lost: int
    duplicated: int
    seconds: float
    test: str = ""

    def __str__(self) -> str:
        name = f"{self.scenario:>2} {self.title}" + (f" [{self.variant}]" if self.variant else "")
        return (
            f"{name}: {self.accepted} accepted, {self.lost} lost, {self.duplicated} duplicated,"
            f" {self.seconds:.1f} s to recover"
        )


@dataclass
class Scenario:
    """One run of one scenario: what was accepted, when the fault ended, what must come of it."""

    system: System
    number: int
    title: str
    variant: str = ""
    expected: dict[UUID, JobState] = field(default_factory=dict)
    _since: float = field(default_factory=time.monotonic)

    def accept(self, ids: Sequence[UUID], state: JobState = JobState.SUCCEEDED) -> list[UUID]:
        """These jobs were accepted and are to end in this state; returns them."""
        self.expected.update(dict.fromkeys(ids, state))
        return list(ids)

    def burst(self, count: int, **fields: Any) -> list[UUID]:
        """As `System.burst`, and accepted."""
        return self.accept(self.system.burst(count, **fields))

    def load(self, alone: int) -> None:
        """Some seconds' work for both pools: so many jobs alone in a message, four times as many that share."""
        for queue in QUEUE_OF.values():
            self.burst(alone, queue=queue, seconds=0.04)
            self.burst(4 * alone, queue=queue)

    def in_flight(self, done: int = 0) -> None:
        """Wait until both pools are in the middle of that: more than `done` jobs of each have succeeded."""
        pools = "SELECT queue FROM jobs WHERE state = 'succeeded' AND kind = 'probe.effect' GROUP BY queue"
        many = f"{pools} HAVING count(*) > %s"
        wait_until(lambda: len(self.system.sql(many, done)) == len(QUEUE_OF), "both pools are at work")

    def fault_over(self) -> None:
        """From now on the system is to recover: the moment that `seconds` counts from. May be moved by a later call."""
        self._since = time.monotonic()

    def conclude(self, within_s: float) -> Figures:
        """Wait until every accepted job is final, then count. Raises nothing for what was lost: it is counted."""
        ids = list(self.expected)
        left = "SELECT count(*) FROM jobs WHERE id = ANY(%s) AND state = ANY(%s)"
        asked = self.system.patient(within_s)
        with suppress(AssertionError):  # the count below says what is missing
            wait_until(lambda: asked.sql(left, ids, sorted(FINAL)) == [(len(ids),)], "all are final", within_s)
        seconds = time.monotonic() - self._since
        lost, duplicated = count(self.system, self.expected)
        return Figures(self.number, self.title, self.variant, len(ids), lost, duplicated, round(seconds, 1))


def count(system: System, expected: dict[UUID, JobState]) -> tuple[int, int]:
    """How many jobs are lost (in another state than they should be, or without effect); how many effects too many."""
    ids = list(expected)
    rows = system.patient().sql("SELECT id, kind, state FROM jobs WHERE id = ANY(%s)", ids)
    effects = Counter(
        row[0] for row in system.patient().sql("SELECT job_id FROM probe_effects WHERE job_id = ANY(%s)", ids)
    )
    found = {job_id: (kind, JobState(state)) for job_id, kind, state in rows}
    lost = duplicated = 0
    for job_id, state in expected.items():
        kind, reached = found.get(job_id, ("", None))
        due = int(kind.startswith(("probe.effect", "strange.")) and reached is JobState.SUCCEEDED)
        lost += reached is not state or effects[job_id] < due
        duplicated += max(0, effects[job_id] - due)
    return lost, duplicated


def store(figures: Figures, folder: Path) -> None:
    """Add a line to the run's results."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "figures.jsonl").open("a") as file:
        file.write(json.dumps(asdict(figures)) + "\n")


def stored(folder: Path) -> list[Figures]:
    """The results of the last run, in order of their scenarios."""
    file = folder / "figures.jsonl"
    lines = file.read_text().splitlines() if file.exists() else []
    return sorted((Figures(**json.loads(line)) for line in lines), key=lambda f: (f.scenario, f.title, f.variant))
