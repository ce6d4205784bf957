"""What the processes of the HTTP interface tell of each minute."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from psycopg.types.json import Jsonb

from arxos.storage.database import Database

KEEP = """
INSERT INTO request_minutes (minute, process, requests, errors, took) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (minute, process) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Minute:
    """One minute of one process. `took`: the bins of a sketch of seconds."""

    minute: datetime
    requests: int
    errors: int
    took: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class RequestMinutes:
    """Writes them."""

    database: Database

    def keep(self, process: str, minute: Minute) -> None:
        """Once each. Raises UnavailableError."""
        with self.database.connection() as connection:
            values = (minute.minute, process, minute.requests, minute.errors, Jsonb(dict(minute.took)))
            connection.execute(KEEP, values)
            connection.commit()
