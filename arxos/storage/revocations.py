"""What opens nothing any more: tokens, and everything of a subject."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from psycopg.rows import class_row

from arxos.domain.jobs.operator import Operator
from arxos.storage.acts import record
from arxos.storage.console_sessions import ENDED
from arxos.storage.database import Connection, Database

FOR_GOOD = datetime(2999, 12, 31, tzinfo=UTC)  # until when a revocation counts where nobody knows the token's end

REVOKE = """
INSERT INTO revoked_tokens (jti, expires_at, revoked_by, reason) VALUES (%s, %s, %s, %s)
ON CONFLICT (jti) DO UPDATE SET expires_at = greatest(revoked_tokens.expires_at, EXCLUDED.expires_at)
"""
END_SUBJECT = """
INSERT INTO ended_subjects (subject, tokens_until, ended_by, reason)
VALUES (%s, clock_timestamp() + make_interval(secs => %s), %s, %s)
ON CONFLICT (subject) DO UPDATE SET
    tokens_until = greatest(ended_subjects.tokens_until, EXCLUDED.tokens_until),
    ended_at = EXCLUDED.ended_at, ended_by = EXCLUDED.ended_by, reason = EXCLUDED.reason
RETURNING tokens_until
"""
END_SESSIONS = f"""
UPDATE console_sessions SET {ENDED} WHERE subject = %s AND ended_at IS NULL AND expires_at > clock_timestamp()
"""
END_FAMILIES = """
WITH ended AS (
    UPDATE refresh_tokens SET revoked_at = clock_timestamp()
    WHERE subject = %s AND revoked_at IS NULL AND expires_at > clock_timestamp() RETURNING family)
SELECT count(DISTINCT family) FROM ended
"""
# A row is dated when it is written, and seen when its transaction ends: one that took long is found by looking back.
SINCE = """
WITH lately AS (SELECT coalesce(%(since)s::timestamptz - interval '2 minutes', '-infinity') AS at)
SELECT 'token' AS what, jti AS name, revoked_at AS at, expires_at AS until FROM revoked_tokens, lately
WHERE revoked_at > lately.at AND expires_at > clock_timestamp() - interval '1 hour'
UNION ALL
SELECT 'subject', subject, ended_at, tokens_until FROM ended_subjects, lately WHERE ended_at > lately.at
UNION ALL
SELECT 'family', family::text, max(revoked_at), max(expires_at) FROM refresh_tokens, lately
WHERE revoked_at > lately.at GROUP BY family
UNION ALL
SELECT 'session', id::text, ended_at, ended_at FROM console_sessions, lately WHERE ended_at > lately.at
"""
FORGET = (
    "DELETE FROM revoked_tokens WHERE expires_at < clock_timestamp() - interval '1 day'",
    "DELETE FROM refresh_tokens WHERE expires_at < clock_timestamp() - interval '1 day'",
    "DELETE FROM console_sessions WHERE expires_at < clock_timestamp() - interval '1 hour'",
)


@dataclass(frozen=True, slots=True)
class Ended:
    """Something that opens nothing any more. `until`: when it can be forgotten; of a subject: up to when it counts."""

    what: Literal["token", "subject", "family", "session"]
    name: str
    at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Revoked:
    """A token that opens nothing any more. `expires_at`: FOR_GOOD where its end is not known."""

    jti: str
    expires_at: datetime
    revoked_at: datetime
    revoked_by: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class SubjectEnded:
    """What was ended with a subject. `tokens_until`: tokens issued up to then open nothing."""

    sessions: int
    families: int
    tokens_until: datetime


@dataclass(frozen=True, slots=True)
class RevocationTable:
    """The rows. Every method is a transaction of its own, and raises UnavailableError."""

    database: Database

    def revoke(self, token_id: str, by: Operator, expires_at: datetime = FOR_GOOD) -> None:
        """From now on the token opens nothing, and nothing that it opened goes on; recorded."""
        with self.database.connection() as connection:
            connection.execute(REVOKE, [token_id, expires_at, by.name, by.reason])
            record(connection, by, "revoke token", jti=token_id)
            connection.commit()

    def end_subject(self, subject: str, by: Operator, skew_s: float) -> SubjectEnded:
        """End whatever a subject has: sessions, families, and tokens that were issued up to now; recorded.

        `skew_s`: by how much the clock of whoever issues tokens may be fast.
        """
        with self.database.connection() as connection:
            ended = _end_subject(connection, subject, by, skew_s)
            record(connection, by, "end subject", subject=subject, sessions=ended.sessions, families=ended.families)
            connection.commit()
        return ended

    def since(self, since: datetime | None) -> list[Ended]:
        """What was ended then or later, some of it perhaps told before; None: all that is not forgotten."""
        with self.database.connection() as connection, connection.cursor(row_factory=class_row(Ended)) as cursor:
            return cursor.execute(SINCE, {"since": since}).fetchall()

    def revoked(self, limit: int) -> list[Revoked]:
        """The latest first."""
        columns = "jti, expires_at, revoked_at, revoked_by, reason"
        query = f"SELECT {columns} FROM revoked_tokens ORDER BY revoked_at DESC LIMIT %s"
        with self.database.connection() as connection, connection.cursor(row_factory=class_row(Revoked)) as cursor:
            return cursor.execute(query, [limit]).fetchall()

    def forget(self) -> None:
        """Delete what could open nothing anyway, long expired."""
        with self.database.connection() as connection:
            for statement in FORGET:
                connection.execute(statement.encode())
            connection.commit()


def _end_subject(connection: Connection, subject: str, by: Operator, skew_s: float) -> SubjectEnded:
    """What begins at this moment is ended by the row of the subject, which its check sees."""
    [until] = connection.execute(END_SUBJECT, [subject, skew_s, by.name, by.reason]).fetchone() or ()
    sessions = connection.execute(END_SESSIONS.encode(), [subject]).rowcount
    [families] = connection.execute(END_FAMILIES, [subject]).fetchone() or ()
    return SubjectEnded(sessions, families, until)
