"""Webhooks in memory."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from arxos.domain.errors import NotFoundError
from arxos.domain.jobs.signatures import Signed
from arxos.domain.jobs.webhooks import Ending, Webhook
from tests.fakes_tables import Tables


class FakeWebhooks:
    """See `Webhooks`. What ends in this ledger is put into the outbox by nobody: a test does it."""

    def __init__(self, tables: Tables, now: Callable[[], datetime]) -> None:
        self._tables = tables
        self._now = now

    def add(self, webhook: Webhook) -> Webhook:
        self._tables.webhooks[webhook.id] = replace(webhook, created_at=self._now())
        return self._tables.webhooks[webhook.id]

    def get(self, webhook_id: UUID) -> Webhook:
        try:
            return self._tables.webhooks[webhook_id]
        except KeyError:
            raise NotFoundError(f"no webhook '{webhook_id}'") from None

    def list(self, *, owner: str | None = None, before: UUID | None = None, limit: int = 50) -> Sequence[Webhook]:
        newest = sorted(self._tables.webhooks.values(), key=lambda one: one.id, reverse=True)
        return [one for one in newest if owner in (None, one.owner) and (before is None or one.id < before)][:limit]

    def disable(self, webhook_id: UUID, by: str) -> None:
        known = self._tables.webhooks.get(webhook_id)
        if known is not None and known.disabled_at is None:
            self._tables.webhooks[webhook_id] = replace(known, disabled_at=self._now(), disabled_by=by)

    def remove(self, webhook_id: UUID) -> None:
        self.get(webhook_id)
        del self._tables.webhooks[webhook_id]

    def take(self, limit: int) -> Sequence[Ending]:
        taken, self._tables.endings = self._tables.endings[:limit], self._tables.endings[limit:]
        return taken


class FakeNonces:
    """See `Nonces`."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def take(self, signed: Signed) -> bool:
        if (signed.key_id, signed.nonce) in self._tables.nonces:
            return False
        self._tables.nonces.add((signed.key_id, signed.nonce))
        return True

    def forget(self) -> None:
        """A ledger in memory does not live long enough."""
