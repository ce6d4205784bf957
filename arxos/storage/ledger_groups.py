"""Dead letters by the fingerprint of their error."""

from typing import Any, LiteralString

from psycopg.rows import kwargs_row

from arxos.domain.jobs.desk import Group
from arxos.domain.jobs.ledger import JobFilter
from arxos.storage import ledger_read
from arxos.storage.database import Connection

# Hashed twice, by kind and then without: each pass is linear. Ids are ordered by time, also as text.
GROUPS: LiteralString = """
WITH by_kind AS (
    SELECT coalesce(error_fingerprint, left(md5(coalesce(error_type, '')), 12)) AS fingerprint, kind,
        count(*) AS n, min(finished_at) AS first_died_at, max(finished_at) AS last_died_at, max(id::text) AS sample
    FROM jobs WHERE {which} GROUP BY 1, 2),
groups AS (
    SELECT fingerprint, sum(n)::bigint AS count, array_agg(kind ORDER BY kind) AS kinds,
        min(first_died_at) AS first_died_at, max(last_died_at) AS last_died_at, max(sample)::uuid AS sample
    FROM by_kind GROUP BY fingerprint ORDER BY count DESC, fingerprint LIMIT %(limit)s)
SELECT groups.*, error_type, error_message, error_place FROM groups JOIN jobs ON jobs.id = sample
ORDER BY count DESC, fingerprint
"""


def groups(connection: Connection, which: JobFilter, limit: int) -> list[Group]:
    """See `Desk.groups`."""
    where, values = ledger_read.condition(which)
    with connection.cursor(row_factory=kwargs_row(_group)) as cursor:
        return cursor.execute(GROUPS.format(which=where), values | {"limit": limit}).fetchall()


def _group(*, kinds: list[str], **row: Any) -> Group:
    return Group(kinds=tuple(kinds), **row)
