"""Nonces of signed messages: each is taken once, until its signature has expired."""

from arxos.domain.jobs.signatures import SKEW_S, Signed
from arxos.storage.database import Connection

TAKE = """
INSERT INTO ingress_nonces (key_id, nonce, expires_at) VALUES (%s, %s, to_timestamp(%s) + make_interval(secs => %s))
ON CONFLICT DO NOTHING
"""
FORGET = "DELETE FROM ingress_nonces WHERE expires_at < clock_timestamp()"


class PostgresNonces:
    """See `Nonces`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def take(self, signed: Signed) -> bool:
        values = [signed.key_id, signed.nonce, signed.expires_at, 2 * SKEW_S]
        return self._connection.execute(TAKE, values).rowcount == 1

    def forget(self) -> None:
        self._connection.execute(FORGET)
