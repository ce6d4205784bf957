"""What went wrong of late: dead letters and refused messages."""

from dataclasses import dataclass

from arxos.storage.database import Database

HOUR_S, DAY_S = 3600, 86_400

LETTERS = """
SELECT count(*) FILTER (WHERE finished_at > clock_timestamp() - make_interval(secs => %(hour)s)),
    count(*) FILTER (WHERE error_type = 'PoisonError'
        AND finished_at > clock_timestamp() - make_interval(secs => %(day)s)),
    count(*),
    mode() WITHIN GROUP (ORDER BY kind || ': ' || coalesce(error_type, 'unknown'))
        FILTER (WHERE finished_at > clock_timestamp() - make_interval(secs => %(hour)s)),
    (SELECT array_agg(DISTINCT kind) FROM jobs WHERE state = 'dead' AND error_type = 'PoisonError'
        AND finished_at > clock_timestamp() - make_interval(secs => %(day)s)),
    (SELECT count(*) FROM quarantine WHERE received_at > clock_timestamp() - make_interval(secs => %(day)s)),
    (SELECT mode() WITHIN GROUP (ORDER BY reason) FROM quarantine
        WHERE received_at > clock_timestamp() - make_interval(secs => %(day)s))
FROM jobs WHERE state = 'dead'
"""


@dataclass(frozen=True, slots=True)
class LetterFacts:
    """Dead letters of the last hour, poison and refused messages of the last day."""

    dead: int
    poison: int
    all_dead: int
    commonest: str | None  # kind and error of most of the hour's
    poison_kinds: tuple[str, ...]
    quarantined: int
    commonest_reason: str | None


def letter_facts(database: Database) -> LetterFacts:
    """Ask the ledger. Raises UnavailableError."""
    with database.connection() as connection:
        row = connection.execute(LETTERS, {"hour": HOUR_S, "day": DAY_S}).fetchone()
    assert row is not None
    dead, poison, all_dead, commonest, kinds, quarantined, reason = row
    return LetterFacts(dead, poison, all_dead, commonest, tuple(kinds or ()), quarantined, reason)
