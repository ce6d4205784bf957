"""How many dead letters there are, by queue and kind."""

from arxos.storage.database import Database

DEAD = "SELECT queue, kind, count(*) FROM jobs WHERE state = 'dead' GROUP BY queue, kind ORDER BY queue, kind"


def dead_counts(database: Database) -> list[tuple[tuple[str, ...], float]]:
    """(queue, kind) and their number. Raises UnavailableError."""
    with database.connection() as connection:
        return [((queue, kind), float(number)) for queue, kind, number in connection.execute(DEAD)]
