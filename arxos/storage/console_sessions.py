"""People at the console: who is signed in. Of the cookie only a digest is kept, so a stolen table opens nothing."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from secrets import token_urlsafe

from arxos.storage.database import Database

OPEN = """
INSERT INTO console_sessions (digest, subject, role, source, expires_at)
VALUES (%s, %s, %s, %s, to_timestamp(%s))
"""
FORGET = "DELETE FROM console_sessions WHERE expires_at < clock_timestamp()"
FIND = """
SELECT subject, role, started_at, expires_at, seen_at < clock_timestamp() - interval '1 minute' FROM console_sessions
WHERE digest = %s AND expires_at > clock_timestamp()
"""
SEEN = "UPDATE console_sessions SET seen_at = clock_timestamp() WHERE digest = %s"
CLOSE = "DELETE FROM console_sessions WHERE digest = %s"


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is signed in."""

    subject: str
    role: str
    started_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ConsoleSessions:
    """The rows. Every method is a transaction of its own, and raises UnavailableError."""

    database: Database

    def open(self, subject: str, role: str, source: str, expires_at: float) -> str:
        """Sign somebody in until then (seconds since 1970); returns what the cookie holds."""
        token = token_urlsafe(32)
        with self.database.connection() as connection:
            connection.execute(FORGET)
            connection.execute(OPEN, [_digest(token), subject, role, source, expires_at])
            connection.commit()
        return token

    def find(self, token: str) -> Session | None:
        """Whose cookie this is; None: nobody's, or not any more."""
        with self.database.connection() as connection:
            row = connection.execute(FIND, [_digest(token)]).fetchone()
            if row is not None and row[4]:
                connection.execute(SEEN, [_digest(token)])
                connection.commit()
        return Session(*row[:4]) if row else None

    def close(self, token: str) -> None:
        """Sign out."""
        with self.database.connection() as connection:
            connection.execute(CLOSE, [_digest(token)])
            connection.commit()


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()
