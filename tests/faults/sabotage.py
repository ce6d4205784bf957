"""Starts `arxos` with one of its mechanisms taken away: what a promise is worth shows when its test then fails.

python -m tests.faults.sabotage fencing worker --pool cpu
"""

import sys
from collections.abc import Callable, Mapping
from typing import Any

from arxos.scheduler.sweeper import Sweeper
from arxos.storage import ledger, ledger_settle


def fencing() -> None:
    """A late worker may write: neither the attempt's number nor the job's state is looked at, nor history's key."""
    _replace(ledger_settle, "SETTLE", " AND jobs.attempt = o.attempt AND jobs.state = 'running'", "")
    _replace(
        ledger_settle,
        "SETTLE",
        "SELECT id, attempt, worker, started_at, outcome, error_type, error_message FROM settled)",
        "SELECT id, attempt, worker, started_at, outcome, error_type, error_message FROM settled"
        " ON CONFLICT DO NOTHING)",
    )


def guarded_claim() -> None:
    """A delivery runs whatever it names, claimed before or not."""
    _replace(ledger, "CLAIM", "state IN ('queued', 'retryable') AND available_at <= clock_timestamp()", "true")


def lease() -> None:
    """Nobody takes back what a silent worker holds."""
    Sweeper.take_back = _nothing  # type: ignore[method-assign, assignment]


def republish() -> None:
    """Nobody publishes again what Redis lost."""
    Sweeper.publish_again = _nothing  # type: ignore[method-assign, assignment]


def poison() -> None:
    """A job may kill its worker for ever."""
    _replace(ledger_settle, "TAKE_BACK", "lost + 1 >= (policy->>'max_lost')::int", "false")
    _replace(ledger_settle, "TAKE_BACK", "attempt >= max_attempts", "false")


def nothing() -> None:
    """All is as it should be."""


MECHANISMS: Mapping[str, Callable[[], None]] = {
    "nothing": nothing,
    "fencing": fencing,
    "guarded-claim": guarded_claim,
    "lease": lease,
    "republish": republish,
    "poison": poison,
}


def _nothing(*_: Any) -> None:
    return None


def _replace(module: Any, name: str, old: str, new: str) -> None:
    """Change a statement; fails loudly where the product has moved on and nothing would be taken away."""
    statement: str = getattr(module, name)
    assert old in statement, f"{name} no longer contains {old!r}"
    setattr(module, name, statement.replace(old, new))


def main() -> None:
    """Take the named mechanism away, then be `arxos`."""
    MECHANISMS[sys.argv.pop(1)]()
    from arxos.cli.main import main as arxos  # noqa: PLC0415 - after the mechanism is gone

    arxos()


if __name__ == "__main__":
    main()
