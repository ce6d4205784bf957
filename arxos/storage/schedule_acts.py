"""What operators do to schedules: each act is one transaction, recorded with who did it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from arxos.domain.errors import ConflictError
from arxos.domain.jobs.job import NewJob
from arxos.domain.jobs.operator import Operator
from arxos.domain.jobs.schedule import Entry, Schedule, check_entry
from arxos.storage import ledger_insert
from arxos.storage.acts import record
from arxos.storage.database import Connection, Database
from arxos.storage.schedules import ENTRY, VALUES, columns, find

ADD = f"""
INSERT INTO schedules ({ENTRY}, source, changed_by) VALUES ({VALUES}, 'operator', %(by)s)
ON CONFLICT (name) DO NOTHING RETURNING name
"""
CHANGE = f"""
UPDATE schedules SET ({ENTRY}) = ({VALUES}), changed_at = clock_timestamp(), changed_by = %(by)s, error = NULL,
    error_since = NULL, done_until = CASE WHEN %(anew)s THEN clock_timestamp() ELSE done_until END
WHERE name = %(name)s
"""
REMOVE = "DELETE FROM schedules WHERE name = %s"
PAUSE = "UPDATE schedules SET paused_at = clock_timestamp(), paused_by = %s WHERE name = %s"
# What would have been due during the pause is not owed.
RESUME = """
UPDATE schedules SET paused_at = NULL, paused_by = NULL, done_until = greatest(done_until, clock_timestamp())
WHERE name = %s
"""


@dataclass(frozen=True, slots=True)
class ScheduleActs:
    """Acts of one operator. All raise NotFoundError for an unknown name."""

    database: Database
    by: Operator

    def add(self, entry: Entry) -> None:
        """A new entry, due from now on. Raises InvalidError, ConflictError where the name is taken."""
        check_entry(entry)
        with self.database.connection() as connection:
            if connection.execute(ADD, columns(entry) | {"by": self.by.name}).fetchone() is None:
                raise ConflictError(f"there is a schedule {entry.name!r} already: change it, or remove it first")
            self._record(connection, "add_schedule", entry.name, kind=entry.kind)
            connection.commit()

    def change(self, name: str, change: Callable[[Entry], Entry]) -> Entry:
        """Another rhythm, payload and so on; a new rhythm begins now. Raises InvalidError."""
        with self.database.connection() as connection:
            before = find(connection, name).entry
            entry = change(before)
            check_entry(entry)
            values = columns(entry) | {"by": self.by.name, "anew": entry.rhythm != before.rhythm}
            connection.execute(CHANGE, values)
            self._record(connection, "change_schedule", name, **_differences(before, entry))
            connection.commit()
            return entry

    def remove(self, name: str) -> None:
        """Raises ConflictError for one that comes with the code: it would be back with the next start of a beat."""
        with self.database.connection() as connection:
            if find(connection, name).source == "code":
                raise ConflictError(f"schedule {name!r} comes with the code: pause it instead")
            connection.execute(REMOVE, [name])
            self._record(connection, "remove_schedule", name)
            connection.commit()

    def pause(self, name: str) -> None:
        """Nothing more is due, until it is resumed."""
        with self.database.connection() as connection:
            if find(connection, name).paused_at is None:
                connection.execute(PAUSE, [self.by.name, name])
                self._record(connection, "pause_schedule", name)
                connection.commit()

    def resume(self, name: str) -> None:
        """Due again from now on."""
        with self.database.connection() as connection:
            if find(connection, name).paused_at is not None:
                connection.execute(RESUME, [name])
                self._record(connection, "resume_schedule", name)
                connection.commit()

    def run(self, name: str, make: Callable[[Schedule], NewJob]) -> UUID:
        """Submit one job at once, paused or not, besides those of its slots."""
        with self.database.connection() as connection:
            [job_id] = ledger_insert.insert(connection, [make(find(connection, name))])
            self._record(connection, "run_schedule", name, job_id)
            connection.commit()
            return job_id

    def _record(
        self, connection: Connection, action: str, name: str, job_id: UUID | None = None, **details: Any
    ) -> None:
        record(connection, self.by, action, job_id, schedule=name, **details)


def _differences(before: Entry, after: Entry) -> dict[str, Any]:
    """What a change changed, but for payloads, which may hold what is nobody's business."""
    old, new = columns(before), columns(after)
    return {name: [old[name], new[name]] for name in old if name != "payload" and old[name] != new[name]}
