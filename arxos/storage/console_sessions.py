"""People at the console: who is signed in. Of the cookie only a digest is kept, so a stolen table opens nothing."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from secrets import token_urlsafe
from uuid import UUID

from psycopg.rows import class_row

from arxos.domain.errors import NotFoundError
from arxos.domain.jobs.operator import Operator
from arxos.storage.acts import record
from arxos.storage.database import Database

OPEN = """
INSERT INTO console_sessions
    (digest, subject, role, source, expires_at, token_id, token_key, token_issued_at, family)
VALUES (%s, %s, %s, %s, to_timestamp(%s), %s, %s, to_timestamp(%s), %s)
"""
COLUMNS = """
id, subject, role, source, started_at, seen_at, expires_at, token_id, token_key, family,
extract(epoch FROM token_issued_at)::float AS issued_s
"""
# It lives as long as its token: what ends that ends it, also at the very moment in which it was opened.
LIVES = """
ended_at IS NULL AND expires_at > clock_timestamp() AND token_id IS NOT NULL
AND NOT EXISTS (SELECT FROM revoked_tokens AS r WHERE r.jti = s.token_id)
AND NOT EXISTS (SELECT FROM refresh_tokens AS f WHERE f.family = s.family AND f.revoked_at IS NOT NULL)
AND NOT EXISTS (SELECT FROM ended_subjects AS e
    WHERE e.subject = s.subject AND coalesce(s.token_issued_at <= e.tokens_until, true))
"""
FIND = f"SELECT {COLUMNS} FROM console_sessions AS s WHERE digest = %s AND {LIVES}"
SEEN = """
UPDATE console_sessions SET seen_at = clock_timestamp()
WHERE digest = %s AND seen_at < clock_timestamp() - interval '1 minute'
"""
LIST = f"""
SELECT {COLUMNS} FROM console_sessions AS s
WHERE {LIVES} AND (%(subject)s::text IS NULL OR subject = %(subject)s) AND (%(after)s::uuid IS NULL OR id > %(after)s)
ORDER BY id LIMIT %(limit)s
"""
# Older code beside this one knows of `expires_at` alone.
ENDED = "ended_at = clock_timestamp(), expires_at = least(expires_at, clock_timestamp())"
CLOSE = f"UPDATE console_sessions SET {ENDED} WHERE digest = %s AND ended_at IS NULL"
END = f"""
UPDATE console_sessions AS s SET {ENDED}
WHERE id = %(id)s AND {LIVES} AND (%(subject)s::text IS NULL OR subject = %(subject)s) RETURNING subject
"""


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is signed in, and by which token. `issued_s`: when that was issued, in seconds since 1970."""

    id: UUID
    subject: str
    role: str
    source: str | None
    started_at: datetime
    seen_at: datetime
    expires_at: datetime
    token_id: str
    token_key: str
    family: UUID | None
    issued_s: float | None


@dataclass(frozen=True, slots=True)
class NewSession:
    """Who signs in, from where, until when (seconds since 1970), and by which token."""

    subject: str
    role: str
    source: str
    expires_at: float
    token_id: str
    token_key: str
    issued_at: float | None = None
    family: UUID | None = None


@dataclass(frozen=True, slots=True)
class ConsoleSessions:
    """The rows. Every method is a transaction of its own, and raises UnavailableError."""

    database: Database

    def open(self, new: NewSession) -> str:
        """Sign somebody in; returns what the cookie holds."""
        token = token_urlsafe(32)
        who = (new.subject, new.role, new.source, new.expires_at)
        by = (new.token_id, new.token_key, new.issued_at, new.family)
        with self.database.connection() as connection:
            connection.execute(OPEN, [_digest(token), *who, *by])
            connection.commit()
        return token

    def find(self, token: str) -> Session | None:
        """Whose cookie this is; None: nobody's, or not any more."""
        with self.database.connection() as connection, connection.cursor(row_factory=class_row(Session)) as cursor:
            found = cursor.execute(FIND.encode(), [_digest(token)]).fetchone()
            if found is not None and cursor.execute(SEEN, [_digest(token)]).rowcount:
                connection.commit()
        return found

    def list(self, subject: str | None, limit: int, after: UUID | None = None) -> list[Session]:
        """Those that live, of one subject or of all, in the order of their ids, after that one."""
        asked = {"subject": subject, "after": after, "limit": limit}
        with self.database.connection() as connection, connection.cursor(row_factory=class_row(Session)) as cursor:
            return cursor.execute(LIST.encode(), asked).fetchall()

    def close(self, token: str) -> None:
        """Sign out."""
        with self.database.connection() as connection:
            connection.execute(CLOSE.encode(), [_digest(token)])
            connection.commit()

    def end(self, session_id: UUID, by: Operator, subject: str | None = None) -> None:
        """End a session; recorded. Raises NotFoundError where none lives, or it is not this subject's."""
        with self.database.connection() as connection:
            ended = connection.execute(END.encode(), {"id": session_id, "subject": subject}).fetchone()
            if ended is None:
                raise NotFoundError(f"no session '{session_id}'")
            record(connection, by, "end session", session=str(session_id), subject=ended[0])
            connection.commit()


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()
