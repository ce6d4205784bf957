"""Schedules on PostgreSQL: what the beat reads and writes. Times are the database's own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from arxos.domain.errors import NotFoundError
from arxos.domain.jobs.job import NewJob
from arxos.domain.jobs.schedule import Due, Entry, Policy, Schedule
from arxos.domain.jobs.slots import Rhythm
from arxos.storage import ledger_insert
from arxos.storage.database import Connection, Database
from arxos.storage.stored_json import as_object, known

ENTRY = "name, kind, payload, queue, priority, cron, every_s, timezone, policy, catch_up, jitter_s"
VALUES = ", ".join(f"%({column.strip()})s" for column in ENTRY.split(","))
READ = f"""
SELECT {ENTRY}, source, done_until, changed_at, changed_by, paused_at, paused_by, last_slot, missed, error, error_since
FROM schedules
"""
# A beat that stalls between these statements holds the row: others pass it by, and soon the server ends its session.
NO_LONGER_THAN_S = 5
HASTE = f"""
SELECT set_config('idle_in_transaction_session_timeout', '{NO_LONGER_THAN_S}s', true),
    set_config('statement_timeout', '{NO_LONGER_THAN_S}s', true)
"""
# Guarded by what the due slots were computed from: who comes second, or with the entry of yesterday, changes nothing.
ADVANCE = """
UPDATE schedules SET done_until = %(done_until)s, last_slot = coalesce(%(last_slot)s, last_slot),
    missed = missed + %(missed)s, error = %(error)s,
    error_since = CASE WHEN %(error)s::text IS NULL THEN NULL ELSE coalesce(error_since, clock_timestamp()) END
FROM (SELECT name FROM schedules
    WHERE name = %(name)s AND done_until = %(seen)s AND changed_at = %(changed_at)s AND paused_at IS NULL
    FOR UPDATE SKIP LOCKED) free
WHERE schedules.name = free.name RETURNING schedules.name
"""
BLAME = """
UPDATE schedules SET error = %(error)s, error_since = clock_timestamp()
WHERE name = %(name)s AND changed_at = %(changed_at)s AND error IS DISTINCT FROM %(error)s RETURNING name
"""
# An operator's change outlasts a deploy. A new rhythm begins now: slots that it would have had are not owed.
UPSERT = f"""
INSERT INTO schedules AS known ({ENTRY}, source) VALUES ({VALUES}, 'code')
ON CONFLICT (name) DO UPDATE SET ({ENTRY}) = ({VALUES}), changed_at = clock_timestamp(), error = NULL,
    error_since = NULL, done_until = CASE
        WHEN (known.cron, known.every_s, known.timezone) IS DISTINCT FROM (%(cron)s, %(every_s)s, %(timezone)s)
        THEN clock_timestamp() ELSE known.done_until END
WHERE known.source = 'code' AND known.changed_by IS NULL
    AND ({", ".join(f"known.{column.strip()}" for column in ENTRY.split(","))}) IS DISTINCT FROM ({VALUES})
"""
VANISH = "DELETE FROM schedules WHERE source = 'code' AND name <> ALL(%s)"
# The beat's heartbeat is written by its ticks.
SILENCE = "SELECT extract(epoch FROM clock_timestamp() - max(heartbeat_at))::float FROM services WHERE role = 'beat'"


@dataclass(frozen=True, slots=True)
class Schedules:
    """The table of entries. Every method is a transaction of its own, and raises UnavailableError."""

    database: Database

    def read(self) -> tuple[list[Schedule], datetime]:
        """All of them by name, and the database's clock."""
        with self.database.connection() as connection:
            found = [schedule(row) for row in connection.execute(f"{READ} ORDER BY name")]
            return found, now(connection)

    def silent_s(self) -> float | None:
        """How many seconds ago any beat ticked; None: none was ever there, or long ago."""
        with self.database.connection() as connection:
            row = connection.execute(SILENCE).fetchone()
            return row[0] if row else None

    def advance(self, seen: Schedule, due: Due, jobs: Sequence[NewJob], error: str | None = None) -> bool:
        """Submit the jobs and have their slots dealt with, both or neither; False where another did or does it.

        `seen` is the row that `due` was computed from. Raises ConflictError where a slot's key is another kind's.
        """
        with self.database.connection() as connection:
            connection.execute(HASTE)
            values = {
                "name": seen.entry.name,
                "seen": seen.done_until,
                "changed_at": seen.changed_at,
                "done_until": due.done_until,
                "last_slot": max(due.slots, default=None),
                "missed": due.missed,
                "error": error,
            }
            if connection.execute(ADVANCE, values).fetchone() is None:
                return False
            ledger_insert.insert(connection, jobs)
            connection.commit()
            return True

    def blame(self, seen: Schedule, error: str) -> bool:
        """Note what is wrong with an entry; False where that was known, or the entry is another by now."""
        with self.database.connection() as connection:
            values = {"name": seen.entry.name, "changed_at": seen.changed_at, "error": error}
            noted = connection.execute(BLAME, values).fetchone() is not None
            connection.commit()
            return noted

    def adopt(self, table: Sequence[Entry]) -> None:
        """Bring the entries that come with the code to what the code says; those that it no longer has vanish."""
        with self.database.connection() as connection:
            for entry in table:
                connection.execute(UPSERT, columns(entry))
            connection.execute(VANISH, [[entry.name for entry in table]])
            connection.commit()


def now(connection: Connection) -> datetime:
    """The database's clock."""
    row = connection.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None
    moment: datetime = row[0]
    return moment


def find(connection: Connection, name: str) -> Schedule:
    """One of them, locked until the transaction ends. Raises NotFoundError."""
    row = connection.execute(f"{READ} WHERE name = %s FOR UPDATE", [name]).fetchone()
    if row is None:
        raise NotFoundError(f"no schedule {name!r}")
    return schedule(row)


def schedule(row: Sequence[Any]) -> Schedule:
    """A row of READ."""
    name, kind, payload, queue, priority, cron, every_s, timezone, policy, catch_up, jitter_s, *rest = row
    rhythm = Rhythm(cron, every_s, timezone)
    entry = Entry(
        name,
        kind,
        rhythm,
        as_object(payload),
        queue,
        priority,
        known(Policy, policy, Policy.LATEST),
        catch_up,
        jitter_s,
    )
    return Schedule(entry, *rest)


def columns(entry: Entry) -> dict[str, object]:
    """An entry by the names of its columns."""
    return {
        "name": entry.name,
        "kind": entry.kind,
        "payload": Jsonb(dict(entry.payload)),
        "queue": entry.queue,
        "priority": entry.priority,
        "cron": entry.rhythm.cron,
        "every_s": entry.rhythm.every_s,
        "timezone": entry.rhythm.timezone,
        "policy": entry.policy,
        "catch_up": entry.catch_up,
        "jitter_s": entry.jitter_s,
    }
