"""Brings webhooks' messages to their receivers: to addresses of the public internet only, unless some are allowed.

Connects to the address that was checked, which prevents DNS rebinding (SSRF); follows no redirect and uses no proxy of
the environment. Signed as standard-webhooks.com has it.
"""

import asyncio
import base64
import hmac
import time
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

import httpx

from arxos.domain.address_policy import Network
from arxos.domain.errors import InvalidError, UnavailableError
from arxos.domain.jobs.webhooks import Answer
from arxos.domain.url_policy import target_of
from arxos.outside.checked_address import checked_address

CONNECT_S, ANSWER_S = 5.0, 15.0
LARGEST_ANSWER = 64 * 1024  # bytes that are read of an answer
PREFIX = "whsec_"


@dataclass(frozen=True, slots=True)
class HttpCourier:
    """See `Courier`. `key`: the system's own, from which every webhook's is derived; `allowed`: beside the public."""

    key: bytes | None
    allowed: tuple[Network, ...] = ()

    def secret(self, webhook_id: UUID) -> str:
        if self.key is None:
            raise InvalidError(
                "ARXOS_WEBHOOK_SECRET: is not set, and ARXOS_JWT_SECRET neither: nothing could be signed"
            )
        return PREFIX + base64.b64encode(hmac.digest(self.key, b"webhook:" + webhook_id.bytes, sha256)).decode()

    def deliver(self, webhook_id: UUID, url: str, message_id: str, body: bytes) -> Answer:
        secret = self.secret(webhook_id)
        target = target_of(url)
        address = checked_address(target, self.allowed)
        began = time.monotonic()
        headers = {
            "Host": target.netloc,
            "Content-Type": "application/json",
            "User-Agent": "arxos-webhook",
            **_signed(secret, message_id, int(time.time()), body),
        }
        status = _post(target.at(address), target.host, headers, body)
        return Answer(status, round((time.monotonic() - began) * 1000, 1))


def _signed(secret: str, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers by which a receiver knows who sent it, and when."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signature = base64.b64encode(hmac.digest(key, f"{message_id}.{timestamp}.".encode() + body, sha256)).decode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{signature}",
    }


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
