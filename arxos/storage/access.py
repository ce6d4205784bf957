"""Who has lost what opened doors: revoked tokens, and refresh tokens that are used once."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from arxos.domain.jobs.operator import Operator
from arxos.storage.acts import record
from arxos.storage.database import Connection, Database

REVOKE = """
INSERT INTO revoked_tokens (jti, expires_at, revoked_by, reason) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING
"""
SINCE = """
SELECT jti, revoked_at FROM revoked_tokens
WHERE (%(since)s::timestamptz IS NULL OR revoked_at > %(since)s::timestamptz - interval '10 seconds')
    AND expires_at > clock_timestamp() - interval '1 hour'
"""
FORGET = """
DELETE FROM revoked_tokens WHERE expires_at < clock_timestamp() - interval '1 day';
DELETE FROM refresh_tokens WHERE expires_at < clock_timestamp() - interval '1 day'
"""
KEEP = """
INSERT INTO refresh_tokens (digest, family, subject, role, expires_at)
VALUES (%s, %s, %s, %s, clock_timestamp() + make_interval(secs => %s))
"""
USE = """
UPDATE refresh_tokens SET used_at = clock_timestamp()
WHERE digest = %s AND used_at IS NULL AND revoked_at IS NULL AND expires_at > clock_timestamp()
RETURNING family, subject, role, extract(epoch FROM expires_at - clock_timestamp())::float AS left_s
"""
END_FAMILY = """
UPDATE refresh_tokens SET revoked_at = clock_timestamp()
WHERE family = (SELECT family FROM refresh_tokens WHERE digest = %s AND used_at IS NOT NULL) AND revoked_at IS NULL
RETURNING subject
"""


@dataclass(frozen=True, slots=True)
class Revoked:
    """A token that opens nothing any more."""

    jti: str
    expires_at: datetime
    revoked_at: datetime
    revoked_by: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Refreshed:
    """Whose refresh token it was. `left_s`: for how long its family lasts."""

    family: UUID
    subject: str
    role: str
    left_s: float


@dataclass(frozen=True, slots=True)
class AccessTable:
    """The rows. Every method raises UnavailableError."""

    database: Database

    def revoke(self, jti: str, expires_at: datetime, by: Operator) -> None:
        """From now on the token opens nothing; recorded."""
        with self.database.connection() as connection:
            connection.execute(REVOKE, [jti, expires_at, by.name, by.reason])
            record(connection, by, "revoke token", jti=jti)
            for statement in FORGET.split(";"):
                connection.execute(statement.encode())
            connection.commit()

    def revoked_since(self, since: datetime | None) -> list[tuple[str, datetime]]:
        """Names of tokens that were revoked then or later, and when; None: all that are not long expired."""
        with self.database.connection() as connection:
            return connection.execute(SINCE, {"since": since}).fetchall()

    def revoked(self, limit: int) -> list[Revoked]:
        """The latest first."""
        columns = "jti, expires_at, revoked_at, revoked_by, reason"
        query = f"SELECT {columns} FROM revoked_tokens ORDER BY revoked_at DESC LIMIT %s"
        with self.database.connection() as connection, connection.cursor(row_factory=class_row(Revoked)) as cursor:
            return cursor.execute(query, [limit]).fetchall()

    def keep_refresh(self, token: str, family: UUID, subject: str, role: str, expires_s: float) -> None:
        """Remember a refresh token by its digest."""
        with self.database.connection() as connection:
            connection.execute(KEEP, [_digest(token), family, subject, role, expires_s])
            connection.commit()

    def exchange(self, token: str, following: str) -> Refreshed | None:
        """Use a refresh token up and put the next of its family in its place; None where it opens nothing.

        One that was used before was copied by somebody: its whole family ends.
        """
        with self.database.connection() as connection:
            with connection.cursor(row_factory=class_row(Refreshed)) as cursor:
                used = cursor.execute(USE, [_digest(token)]).fetchone()
            if used is None:
                self._end_family(connection, token)
            else:
                connection.execute(KEEP, [_digest(following), used.family, used.subject, used.role, used.left_s])
            connection.commit()
        return used

    def _end_family(self, connection: Connection, token: str) -> None:
        ended = connection.execute(END_FAMILY, [_digest(token)]).fetchall()
        if ended:
            by = Operator(ended[0][0], "a refresh token was used twice", "http")
            record(connection, by, "end refresh tokens", tokens=len(ended))


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
