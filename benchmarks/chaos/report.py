"""The report of a storm: figures for machines, a table for people, and what is wrong."""

import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from benchmarks.chaos.load import Book
from benchmarks.chaos.oracle import Row, Verdict, lives, sample
from benchmarks.chaos.recovery import Injected, Recovery, recovery, rounded

RECOVERS_WITHIN_S = 30.0
BINS = 300  # points of the picture's lines

Report = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ridden:
    """All that is known after a storm. Times are seconds of the wall clock."""

    seed: int
    seconds: float
    began: float
    drained: float
    verdict: Verdict
    book: Book
    ledger: Mapping[UUID, Row]
    faults: Sequence[Injected]
    costs: Counter[int]  # attempts that each fault, by its place, cost
    exits: Sequence[tuple[str, int]]


def compose(storm: Ridden) -> Report:
    """All figures. Times of faults and series are seconds since the beginning."""
    book, verdict, ledger = storm.book, storm.verdict, storm.ledger
    found = lives(book.accepted, ledger)
    rows = [
        _fault(fault, recovery(fault, storm.faults, found), storm.costs[number], storm.began)
        for number, fault in enumerate(storm.faults)
    ]
    return {
        "seed": storm.seed,
        "minutes": round(storm.seconds / 60, 2),
        "accepted": verdict.accepted,
        "finished": verdict.finished,
        "lost": verdict.lost,
        "duplicated": verdict.duplicated,
        "attempts_lost": verdict.attempts_lost,
        "attempts_given_back": verdict.attempts_given_back,
        "keys_repeated": book.repeated,
        "in_doubt": len(book.in_doubt),
        "in_doubt_accepted": len(book.in_doubt.keys() & ledger.keys()),
        "drained_s": round(storm.drained, 1),
        "kinds": _kinds(rows),
        "faults": rows,
        "ended": {f"{name}: {code}": count for (name, code), count in sorted(Counter(storm.exits).items())},
        "series": _series([ledger[job] for job in book.accepted if job in ledger], storm.began),
        "findings": sample(verdict.findings, 100),
    }


def failures(report: Report) -> list[str]:
    """Why this storm did not end well; nothing where it did."""
    slow = [
        f"{row['kind']} at {row['begin']} s: recovered after {'ever' if worst is None else worst} s"
        for row in report["faults"]
        for worst in (row["submitted_then_s"], row["open_then_s"])
        if worst is None or worst > RECOVERS_WITHIN_S
    ]
    return [*report["findings"], *slow]


def table(report: Report) -> str:
    """A row for each kind of fault, and the sums."""
    lines = [
        f"chaos: seed {report['seed']}, {report['minutes']:g} minutes; seconds from a fault's end to recovery",
        _line("fault", "times", "new: median", "worst", "open: median", "worst", "attempts lost"),
        *(_line(row["kind"], row["times"], *_recoveries(row), row["attempts_lost"]) for row in report["kinds"]),
        "new: the first jobs submitted then are finished; open: whatever was open then is final",
        "(a fault that comes in between starts the clock anew)",
        *_longest(report),
        _sums(report),
        *(f"! {problem}" for problem in sample(failures(report))),
    ]
    return "\n".join([*lines, *(f"{what}: {where}" for what, where in report["kept"].items())])


def _longest(report: Report) -> Iterator[str]:
    if report["faults"]:
        row = max(report["faults"], key=lambda row: math.inf if row["raw_s"] is None else row["raw_s"])
        yield f"without regard to other faults the longest was {row['kind']} at {row['begin']} s: {row['raw_s']} s"


def _sums(report: Report) -> str:
    return (
        f"{report['accepted']} accepted, {report['finished']} finished, {report['lost']} lost,"
        f" {report['duplicated']} duplicated; {report['attempts_lost']} attempts lost,"
        f" {report['attempts_given_back']} given back; {report['in_doubt']} submissions in doubt,"
        f" {report['in_doubt_accepted']} of them accepted; {report['keys_repeated']} keys repeated;"
        f" the rest drained in {report['drained_s']:g} s"
    )


def _line(kind: str, *cells: object) -> str:
    return f"{kind:22}" + "".join(f"{cell:>14}" for cell in cells)


def _recoveries(row: dict[str, Any]) -> Iterator[str]:
    for what in ("submitted_then", "open_then"):
        for which in ("median", "worst"):
            seconds = row[f"{what}_{which}_s"]
            yield "never" if seconds is None else f"{seconds:.1f}"


def _fault(fault: Injected, recovered: Recovery, cost: int, began: float) -> dict[str, Any]:
    return {
        "kind": fault.kind,
        "target": fault.target,
        "begin": round(fault.begin - began, 1),
        "end": round(fault.end - began, 1),
        "submitted_then_s": rounded(recovered.submitted_then),
        "open_then_s": rounded(recovered.open_then),
        "counted_from_a_later_fault": recovered.moved,
        "raw_s": rounded(recovered.raw),
        "attempts_lost": cost,
    }


def _kinds(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    of_kind = defaultdict(list)
    for row in rows:
        of_kind[row["kind"]].append(row)
    return [
        {
            "kind": kind,
            "times": len(those),
            **_spread("submitted_then", those),
            **_spread("open_then", those),
            "attempts_lost": sum(row["attempts_lost"] for row in those),
        }
        for kind, those in sorted(of_kind.items())
    ]


def _spread(what: str, rows: Sequence[dict[str, Any]]) -> dict[str, float | None]:
    values = [math.inf if row[f"{what}_s"] is None else row[f"{what}_s"] for row in rows]
    return {
        f"{what}_median_s": rounded(statistics.median(values)),
        f"{what}_worst_s": rounded(max(values)),
    }


def _series(rows: Sequence[Row], began: float) -> dict[str, Any]:
    """Jobs a second, accepted and finished."""
    finished = [row.finished for row in rows if math.isfinite(row.finished)]
    last = max([*finished, began + 1.0])
    every_s = max(1.0, (last - began) / BINS)
    bins = math.ceil((last - began) / every_s)

    def rates(times: Sequence[float]) -> list[float]:
        counted = Counter(min(bins - 1, max(0, int((when - began) / every_s))) for when in times)
        return [round(counted[number] / every_s, 1) for number in range(bins)]

    return {
        "every_s": round(every_s, 3),
        "accepted": rates([row.created for row in rows]),
        "finished": rates(finished),
    }
