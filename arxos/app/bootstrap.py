"""Puts the parts together: settings in, a runtime out."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from arxos.app.settings import Settings, read_settings
from arxos.app.surroundings import SystemSurroundings
from arxos.domain.address_policy import parse_networks
from arxos.domain.ports import OpenUnitOfWork, Ports
from arxos.formats.registry import installed_readers
from arxos.outside.courier import HttpCourier
from arxos.storage.blobs import blob_store
from arxos.storage.broker_messages import RedisMessages
from arxos.storage.cache import RedisCache, RestingCache
from arxos.storage.database import Database
from arxos.storage.unit_of_work import PostgresUnitOfWork
from arxos.tasks.kind import JobKind
from arxos.tasks.reactions import reactions
from arxos.tasks.registry import all_kinds

READER_WAITS_S = 0.5  # for the cache: what is in it takes a fraction of a second to compute


@dataclass(frozen=True, slots=True)
class Runtime:
    """One process's view of the system."""

    settings: Settings
    kinds: Mapping[str, JobKind[Any]]
    database: Database
    ports: Ports


def start(settings: Settings | None = None, *, application: str = "arxos") -> Runtime:
    """Build a runtime. Connects to nothing yet, so it may be built before a fork."""
    settings = settings or read_settings()
    kinds = all_kinds(probes=settings.probes)
    database = Database(settings.database_url, application=application)
    blobs = blob_store(settings.blob_url)
    ports = Ports(
        unit_of_work=_opener(database),
        blobs=blobs,
        cache=RedisCache(settings.cache_url),
        readers=installed_readers(),
        messages=RedisMessages(settings.broker_url),
        courier=HttpCourier(_webhook_key(settings), parse_networks(settings.webhook_allow)),
        surroundings=SystemSurroundings(settings, database, blobs),
    )
    return Runtime(settings, kinds, database, ports)


def _webhook_key(settings: Settings) -> bytes | None:
    """From which each webhook's key is derived: a secret of its own, or one derived from the tokens'."""
    if settings.webhook_secret is not None:
        return settings.webhook_secret.get_secret_value().encode()
    if settings.jwt_secret is not None:
        return hmac.digest(settings.jwt_secret.get_secret_value().encode(), b"webhooks", sha256)
    return None


def impatient(runtime: Runtime) -> Runtime:
    """The same for those who answer readers: a cache that does not answer soon is done without, for some seconds."""
    cache = RestingCache(RedisCache(runtime.settings.cache_url, timeout_s=READER_WAITS_S))
    return replace(runtime, ports=replace(runtime.ports, cache=cache))


def hasty(runtime: Runtime) -> Runtime:
    """The same on connections of its own, where nothing takes longer than leases can bear.

    For the duties that leases depend on: to stall with a lock that somebody holds, or to wait for a connection behind
    jobs that write, would look like death.
    """
    database = runtime.database.hasty(runtime.settings.lease_s / 3)
    return replace(runtime, database=database, ports=replace(runtime.ports, unit_of_work=_opener(database)))


def _opener(database: Database) -> OpenUnitOfWork:
    react = reactions(all_kinds(probes=True))
    return lambda: PostgresUnitOfWork(database, react)
