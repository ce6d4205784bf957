"""What the settings say to keep an eye on: services that answer over HTTP, and certificates that run out.

Written ``name=target``, separated by commas: ``maps=https://maps.example/health``, ``door=api.example:443``,
``proxy=/etc/tls/proxy.pem``. Only names are ever told.
"""

import asyncio
import socket
import ssl
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from math import floor
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from cryptography import x509

from arxos.domain.health.parts import Component
from arxos.domain.health.report import HealthStatus

SERVICE, CERTIFICATE = "service:", "certificate:"
PREFIXES = (SERVICE, CERTIFICATE)
ANSWER_S = 5.0
SLOW_S = 2.0
SOON_DAYS, NOW_DAYS = 21, 3


def parse_watched(listed: str) -> dict[str, str]:
    """Name → target. Raises ValueError naming what is none."""
    found: dict[str, str] = {}
    for one in filter(None, map(str.strip, listed.split(","))):
        name, equals, target = (part.strip() for part in one.partition("="))
        if not equals or not name or not target or not name.isprintable():
            raise ValueError("must be name=target, separated by commas")
        if name in found:
            raise ValueError(f"names {name!r} twice")
        found[name] = target
    return found


def parse_services(listed: str) -> dict[str, str]:
    """Name → address. Raises ValueError."""
    services = parse_watched(listed)
    for name, url in services.items():
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            raise ValueError(f"the address of {name!r} must start with http:// or https://")
    return services


def parse_certificates(listed: str) -> dict[str, str]:
    """Name → ``host:port`` or the path of a PEM file. Raises ValueError."""
    certificates = parse_watched(listed)
    for name, target in certificates.items():
        if "/" not in target and not target.rpartition(":")[2].isdigit():
            raise ValueError(f"{name!r} must name host:port or the path of a file")
    return certificates


@dataclass(frozen=True, slots=True)
class Watched:
    """Services and certificates by name. Those of https services are looked at as well."""

    services: Mapping[str, str]
    certificates: Mapping[str, str]

    def look(self) -> dict[str, Component]:
        """Every one at once; whoever does not answer within 5 s is not well."""
        found = asyncio.run(_services(self.services))
        targets = {name: _door(url) for name, url in self.services.items() if url.startswith("https:")}
        targets |= self.certificates
        with ThreadPoolExecutor(max_workers=min(32, len(targets) or 1)) as threads:
            looked = threads.map(_certificate, targets.values())
        return found | {CERTIFICATE + name: one for name, one in zip(targets, looked, strict=True)}


async def _services(services: Mapping[str, str]) -> dict[str, Component]:
    limits = httpx.Limits(max_connections=50)
    async with httpx.AsyncClient(timeout=ANSWER_S, trust_env=False, follow_redirects=False, limits=limits) as client:
        looked = await asyncio.gather(*(_service(client, url) for url in services.values()))
    return {SERVICE + name: one for name, one in zip(services, looked, strict=True)}


async def _service(client: httpx.AsyncClient, url: str) -> Component:
    began = time.monotonic()
    try:
        async with asyncio.timeout(ANSWER_S), client.stream("GET", url) as answer:
            status = answer.status_code
    except (httpx.HTTPError, TimeoutError, OSError, ValueError) as error:
        problem = (
            f"no answer within {ANSWER_S:g} s"
            if isinstance(error, TimeoutError | httpx.TimeoutException)
            else _word(error)
        )
        return Component(HealthStatus.UNHEALTHY, _ms(began), {"problem": problem})
    took_s = time.monotonic() - began
    verdict = HealthStatus.HEALTHY
    if status >= 500:
        verdict = HealthStatus.UNHEALTHY
    elif status >= 400 or took_s > SLOW_S:
        verdict = HealthStatus.DEGRADED
    return Component(verdict, _ms(began), {"answer": status})


def _certificate(target: str) -> Component:
    began = time.monotonic()
    try:
        certificate = _read(target) if "/" in target else _shown_by(target)
    except (OSError, ValueError) as error:
        return Component(HealthStatus.UNHEALTHY, _ms(began), {"problem": _word(error)})
    ends = certificate.not_valid_after_utc
    days = (ends - datetime.now(UTC)).total_seconds() / 86_400
    verdict = HealthStatus.HEALTHY
    if days < SOON_DAYS:
        verdict = HealthStatus.UNHEALTHY if days < NOW_DAYS else HealthStatus.DEGRADED
    return Component(verdict, _ms(began), {"not_after": ends.isoformat(), "days_left": floor(days)})


def _read(path: str) -> x509.Certificate:
    """The first of a file: the server's own."""
    return x509.load_pem_x509_certificates(Path(path).read_bytes())[0]


def _shown_by(target: str) -> x509.Certificate:
    """Whatever it is worth: who issued it is of no interest here, and one that ran out is to be read as well."""
    host, _, port = target.rpartition(":")
    host = host.strip("[]")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection((host, int(port)), timeout=ANSWER_S) as plain,
        context.wrap_socket(plain, server_hostname=host) as secured,
    ):
        shown = secured.getpeercert(binary_form=True)
    if shown is None:
        raise ValueError("shows no certificate")
    return x509.load_der_x509_certificate(shown)


def _door(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or 443}"


def _word(error: Exception) -> str:
    """What went wrong, without the address."""
    return getattr(error, "strerror", None) or type(error).__name__


def _ms(began: float) -> float:
    return round((time.monotonic() - began) * 1000, 2)
