"""Webhooks: who is told when a job is over, and what they are told."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, Protocol
from urllib.parse import urlsplit
from uuid import UUID

from arxos.domain.errors import InvalidError
from arxos.domain.jobs.job import Job

URL_LIMIT = 2000
SCHEMES = ("http", "https")


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address to tell. `disabled_at`: since when nobody is told there."""

    id: UUID
    url: str
    owner: str
    description: str | None = None
    created_at: datetime | None = None
    disabled_at: datetime | None = None
    disabled_by: str | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """A job that is over, and whom to tell."""

    id: int
    webhook_id: UUID
    job_id: UUID
    state: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """What the receiver said."""

    status: int
    took_ms: float


class Webhooks(Protocol):
    """Addresses and endings within one transaction."""

    def add(self, webhook: Webhook) -> Webhook:
        """A new one; it comes back with its time."""

    def get(self, webhook_id: UUID) -> Webhook:
        """Raises NotFoundError."""

    def list(self, *, owner: str | None = None, before: UUID | None = None, limit: int = 50) -> "Sequence[Webhook]":
        """The newest first, those older than `before`; `owner` None: everybody's."""

    def disable(self, webhook_id: UUID, by: str) -> None:
        """Tell nobody there any more."""

    def remove(self, webhook_id: UUID) -> None:
        """Raises NotFoundError."""

    def take(self, limit: int) -> "Sequence[Ending]":
        """The next endings, which nobody else takes; gone with this transaction."""


class Courier(Protocol):
    """Brings messages to addresses outside. Every one is signed with the webhook's own secret."""

    def secret(self, webhook_id: UUID) -> str:
        """What the receiver checks signatures with: ``whsec_…``. Raises InvalidError where the system has no key."""

    def deliver(self, webhook_id: UUID, url: str, message_id: str, body: bytes) -> Answer:
        """POST it. Raises UnavailableError where nobody answers, InvalidError for an address nothing may be sent to."""


def checked_url(url: str) -> str:
    """The address itself. Raises InvalidError saying what is wrong; where its name leads is seen at delivery."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise InvalidError(f"url: {error}") from error
    if len(url) > URL_LIMIT or not url.isprintable() or " " in url:
        raise InvalidError(f"url: must be at most {URL_LIMIT} printable characters without spaces")
    if parts.scheme not in SCHEMES or not host:
        raise InvalidError("url: must be http:// or https:// and a host")
    if parts.username is not None or parts.password is not None:
        raise InvalidError("url: must have no user name and no password in it")
    return url


def is_public(address: str) -> bool:
    """Whether the address is one of the public internet, also where it hides in another: ``::ffff:10.0.0.1``."""
    try:
        one = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return all(part.is_global and not part.is_multicast for part in (one, *_hidden(one)))


def _hidden(address: IPv4Address | IPv6Address) -> list[IPv4Address | IPv6Address]:
    """IPv4 addresses that an IPv6 one stands for: mapped, 6to4, NAT64, Teredo."""
    if isinstance(address, IPv4Address):
        return []
    teredo = address.teredo or ()
    nat64 = [IPv4Address(int(address) & 0xFFFFFFFF)] if address.packed[:12] == _NAT64 else []
    return [one for one in (address.ipv4_mapped, address.sixtofour, *teredo, *nat64) if one is not None]


_NAT64 = ip_address("64:ff9b::").packed[:12]


def message(ending: Mapping[str, Any], job: Job | None, delivery: UUID) -> bytes:
    """What is told, as JSON. `job` None: it is pruned by now."""
    told: dict[str, Any] = {
        "id": str(delivery),
        "type": f"job.{ending['state']}",
        "at": ending["at"],
        "job": {"id": str(ending["job_id"]), "state": ending["state"]},
    }
    if job is not None:
        told["job"] |= {
            "kind": job.kind,
            "queue": job.queue,
            "attempt": job.attempt,
            "result": job.result,
            "error": None if job.error_type is None else {"type": job.error_type, "message": job.error_message},
            "submitted_by": job.submitted_by,
            "request_id": job.request_id,
            "building_id": str(job.building_id) if job.building_id else None,
            "created_at": job.created_at.isoformat(),
            "finished_at": job.finished_at.isoformat() if job.finished_at else None,
        }
    return json.dumps(told, ensure_ascii=False).encode()
