"""Chaos: a steady stream of jobs through a storm of faults; at the end every job is accounted for.

`./run bench chaos --minutes 20 --seed 7`: on servers of its own, through proxies; the same seed gives the same storm.
"""

import argparse
import shutil
from pathlib import Path
from typing import Any

from benchmarks.chaos import picture
from benchmarks.chaos.report import failures, table
from benchmarks.chaos.storm import Storm

__all__ = ["BY_NAME_ONLY", "add_options", "failures", "run", "table"]

MOST_MINUTES = 24 * 60
BY_NAME_ONLY = True  # takes as long as it is told to
KEPT = Path(__file__).resolve().parents[2] / ".local" / "chaos"


def add_options(parser: argparse.ArgumentParser) -> None:
    """What this benchmark may be told."""
    group = parser.add_argument_group("chaos")
    group.add_argument("--minutes", type=minutes, default=3.0, help="how long faults go on (default 3)")
    group.add_argument("--seed", type=int, default=1, help="which storm (default 1)")
    group.add_argument("--picture", type=Path, help="where to draw it (default: .local/chaos/…/chaos.svg)")


def minutes(text: str) -> float:
    """A duration as the command line gives it."""
    number = float(text)
    if not 0 < number < MOST_MINUTES:
        raise argparse.ArgumentTypeError(f"must be between 0 and {MOST_MINUTES}: {text}")
    return number


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Ride out one storm. Report, picture and logs lie in a folder of its seed."""
    home = KEPT / f"seed-{options.seed}"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    storm = Storm(home, options.seed, options.minutes * 60)
    report = storm.ride()
    drawn = options.picture or home / "chaos.svg"
    drawn.write_text(picture.draw(report))
    report["kept"] = {"report": str(home / "report.json"), "picture": str(drawn), "logs": str(home)}
    storm.keep(report)
    return report
