"""`docs/schedules.md`: the entries that come with the code. `python -m tests.schedules_page` writes them."""

from datetime import timedelta

from arxos.cli.times import spoken
from arxos.domain.jobs.slots import in_words
from arxos.scheduler.schedule import TABLE
from arxos.tasks.registry import all_kinds
from tests.marked_page import MarkedPage


def table() -> str:
    """By entry: what, when, and what becomes of slots that nobody took."""
    kinds = all_kinds()
    lines = ["| entry | does | due | up to … later | missed |", "|---|---|---|---|---|"]
    for entry in TABLE:
        row = (
            f"`{entry.name}`",
            f"`{entry.kind}`: {kinds[entry.kind].title}",
            in_words(entry.rhythm).lower(),
            spoken(timedelta(seconds=entry.jitter_s)),
            entry.policy,
        )
        lines.append(f"| {' | '.join(row)} |")
    return "\n".join(lines) + "\n"


PAGE = MarkedPage("schedules.md", table)

if __name__ == "__main__":
    PAGE.write()
