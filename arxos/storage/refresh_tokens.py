"""Refresh tokens: each is used once and makes the next of its family. Of each only a digest is kept."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from arxos.domain.errors import NotFoundError
from arxos.domain.jobs.operator import Operator
from arxos.storage.acts import record
from arxos.storage.database import Connection, Database

GRACE_S = 30  # for how long a token may be repeated whose answer was lost

KEEP = """
INSERT INTO refresh_tokens (digest, family, subject, role, expires_at)
VALUES (%s, %s, %s, %s, clock_timestamp() + make_interval(secs => %s))
"""
# One revoked token ends its family, also a successor that was made at that moment, and the end of a subject all that
# it had.
LIVES = """
NOT EXISTS (SELECT FROM refresh_tokens AS mate WHERE mate.family = one.family AND mate.revoked_at IS NOT NULL)
AND NOT EXISTS (SELECT FROM ended_subjects AS e WHERE e.subject = one.subject AND one.issued_at <= e.ended_at)
AND one.expires_at > clock_timestamp()
"""
USED = "one.family, one.subject, one.role, extract(epoch FROM one.expires_at - clock_timestamp())::float AS left_s"
USE = f"""
UPDATE refresh_tokens AS one SET used_at = clock_timestamp()
WHERE digest = %s AND used_at IS NULL AND {LIVES} RETURNING {USED}
"""
# While nobody has used the successor, whoever repeats the token may be the one who did not get the answer.
REPEAT = f"""
SELECT {USED} FROM refresh_tokens AS one JOIN refresh_tokens AS next ON next.family = one.family AND next.digest = %s
WHERE one.digest = %s AND one.used_at > clock_timestamp() - make_interval(secs => %s) AND next.used_at IS NULL
    AND {LIVES}
"""
END_REUSED = """
UPDATE refresh_tokens SET revoked_at = clock_timestamp()
WHERE family = (SELECT family FROM refresh_tokens WHERE digest = %s AND used_at IS NOT NULL) AND revoked_at IS NULL
RETURNING subject, family
"""
FAMILIES = f"""
SELECT one.family AS id, one.subject, one.role, one.expires_at, one.issued_at AS refreshed_at,
    (SELECT min(issued_at) FROM refresh_tokens AS first WHERE first.family = one.family) AS started_at
FROM refresh_tokens AS one
WHERE used_at IS NULL AND revoked_at IS NULL AND {LIVES} AND (%(subject)s::text IS NULL OR one.subject = %(subject)s)
    AND (%(after)s::uuid IS NULL OR one.family > %(after)s)
ORDER BY one.family LIMIT %(limit)s
"""
END = """
UPDATE refresh_tokens SET revoked_at = clock_timestamp()
WHERE family = %(family)s AND revoked_at IS NULL AND (%(subject)s::text IS NULL OR subject = %(subject)s)
RETURNING subject
"""


@dataclass(frozen=True, slots=True)
class Refreshed:
    """Whose refresh token it was. `left_s`: for how long its family lasts."""

    family: UUID
    subject: str
    role: str
    left_s: float


@dataclass(frozen=True, slots=True)
class Family:
    """Refresh tokens that followed each other."""

    id: UUID
    subject: str
    role: str
    started_at: datetime
    refreshed_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class RefreshTokens:
    """The rows. Every method is a transaction of its own, and raises UnavailableError."""

    database: Database

    def keep(self, token: str, family: UUID, subject: str, role: str, expires_s: float) -> None:
        """Remember a refresh token, the first of its family."""
        with self.database.connection() as connection:
            connection.execute(KEEP, [_digest(token), family, subject, role, expires_s])
            connection.commit()

    def exchange(self, token: str, following: str) -> Refreshed | None:
        """Use a refresh token up, and put the next of its family in its place; None where it opens nothing.

        `following`: the same for the same token. Repeated within GRACE_S, and before its successor is used, a token is
        answered as before: the answer may have been lost. Otherwise one that was used before was copied: its whole
        family ends.
        """
        with self.database.connection() as connection:
            if (used := _refreshed(connection, USE, [_digest(token)])) is not None:
                connection.execute(KEEP, [_digest(following), used.family, used.subject, used.role, used.left_s])
            else:
                used = _refreshed(connection, REPEAT, [_digest(following), _digest(token), GRACE_S])
                if used is None:
                    _end_reused(connection, token)
            connection.commit()
        return used

    def families(self, subject: str | None, limit: int, after: UUID | None = None) -> list[Family]:
        """Those that live, of one subject or of all, in the order of their ids, after that one."""
        asked = {"subject": subject, "after": after, "limit": limit}
        with self.database.connection() as connection, connection.cursor(row_factory=class_row(Family)) as cursor:
            return cursor.execute(FAMILIES.encode(), asked).fetchall()

    def end(self, family: UUID, by: Operator, subject: str | None = None) -> None:
        """End a family, with the tokens that were issued for it; recorded.

        Raises NotFoundError where none lives, or where it is not this subject's.
        """
        with self.database.connection() as connection:
            ended = connection.execute(END, {"family": family, "subject": subject}).fetchall()
            if not ended:
                raise NotFoundError(f"no family of refresh tokens '{family}'")
            record(connection, by, "end refresh tokens", family=str(family), subject=ended[0][0], tokens=len(ended))
            connection.commit()


def _refreshed(connection: Connection, query: str, values: Sequence[object]) -> Refreshed | None:
    with connection.cursor(row_factory=class_row(Refreshed)) as cursor:
        return cursor.execute(query.encode(), values).fetchone()


def _end_reused(connection: Connection, token: str) -> None:
    ended = connection.execute(END_REUSED, [_digest(token)]).fetchall()
    if ended:
        subject, family = ended[0]
        by = Operator(subject, "a refresh token was used twice", "http")
        record(connection, by, "end refresh tokens", family=str(family), subject=subject, tokens=len(ended))


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
