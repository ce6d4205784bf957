"""Brings webhooks' messages to their receivers: to addresses of the public internet only, unless some are allowed.

The host's name is looked up once, every address that it has is checked, and the connection goes to just that address:
a name that leads elsewhere a moment later leads nobody there. Signed as standard-webhooks.com has it.
"""

import asyncio
import base64
import hmac
import socket
import time
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import httpx

from arxos.domain.errors import InvalidError, UnavailableError
from arxos.domain.jobs.webhooks import Answer, checked_url, is_public

CONNECT_S, ANSWER_S = 5.0, 15.0
LARGEST_ANSWER = 64 * 1024  # bytes that are read of an answer
PREFIX = "whsec_"


@dataclass(frozen=True, slots=True)
class HttpCourier:
    """See `Courier`. `key`: the system's own, from which every webhook's is derived; `allowed`: networks, by commas."""

    key: bytes | None
    allowed: str = ""

    def secret(self, webhook_id: UUID) -> str:
        if self.key is None:
            raise InvalidError(
                "ARXOS_WEBHOOK_SECRET: is not set, and ARXOS_JWT_SECRET neither: nothing could be signed"
            )
        return PREFIX + base64.b64encode(hmac.digest(self.key, b"webhook:" + webhook_id.bytes, sha256)).decode()

    def deliver(self, webhook_id: UUID, url: str, message_id: str, body: bytes) -> Answer:
        secret = self.secret(webhook_id)
        address = self._address_of(checked_url(url))
        began = time.monotonic()
        headers = {
            "Host": urlsplit(url).netloc,
            "Content-Type": "application/json",
            "User-Agent": "arxos-webhook",
            **_signed(secret, message_id, int(time.time()), body),
        }
        status = _post(_at(url, address), urlsplit(url).hostname or "", headers, body)
        return Answer(status, round((time.monotonic() - began) * 1000, 1))

    def _address_of(self, url: str) -> str:
        """Raises InvalidError where any of the host's addresses is not allowed, UnavailableError where it has none."""
        parts = urlsplit(url)
        try:
            port = parts.port or (443 if parts.scheme == "https" else 80)
            found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise UnavailableError(f"nobody knows the host {parts.hostname!r}") from error
        addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
        for address in addresses:
            if not is_public(address) and not self._is_allowed(address):
                raise InvalidError(f"the host {parts.hostname!r} lies in a network that nothing is sent to")
        return addresses[0]

    def _is_allowed(self, address: str) -> bool:
        networks = [ip_network(one.strip(), strict=False) for one in self.allowed.split(",") if one.strip()]
        one = ip_address(address.partition("%")[0])
        return any(one in network for network in networks)


def _signed(secret: str, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers by which a receiver knows who sent it, and when."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signature = base64.b64encode(hmac.digest(key, f"{message_id}.{timestamp}.".encode() + body, sha256)).decode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{signature}",
    }


def _at(url: str, address: str) -> str:
    """The same with the address in the host's place."""
    parts = urlsplit(url)
    host = f"[{address}]" if ":" in address else address
    return urlunsplit(parts._replace(netloc=host if parts.port is None else f"{host}:{parts.port}", fragment=""))


def _post(url: str, host: str, headers: dict[str, str], body: bytes) -> int:
    try:
        return asyncio.run(_answer(url, host, headers, body))
    except (httpx.HTTPError, TimeoutError) as error:
        raise UnavailableError(f"the receiver does not answer: {type(error).__name__}") from error


async def _answer(url: str, host: str, headers: dict[str, str], body: bytes) -> int:
    """The status. Asynchronous, since only then there is a limit on the whole: a trickle of bytes ends no read."""
    async with (
        asyncio.timeout(ANSWER_S),
        httpx.AsyncClient(
            timeout=httpx.Timeout(ANSWER_S, connect=CONNECT_S), trust_env=False, follow_redirects=False
        ) as client,
    ):
        sni = {"sni_hostname": host}
        async with client.stream("POST", url, content=body, headers=headers, extensions=sni) as answer:
            read = 0
            async for chunk in answer.aiter_raw():  # so that whoever sends it sees it taken
                read += len(chunk)
                if read > LARGEST_ANSWER:
                    break
            return answer.status_code
