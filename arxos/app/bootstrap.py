"""Puts the parts together: settings in, a runtime out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from arxos.app.settings import Settings, read_settings
from arxos.domain.ports import Ports
from arxos.formats.registry import installed_readers
from arxos.storage.blobs import blob_store
from arxos.storage.cache import RedisCache
from arxos.storage.database import Database
from arxos.storage.unit_of_work import PostgresUnitOfWork
from arxos.tasks.kind import JobKind
from arxos.tasks.reactions import reactions
from arxos.tasks.registry import all_kinds


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
    react = reactions(all_kinds(probes=True))
    database = Database(settings.database_url, application=application)
    ports = Ports(
        unit_of_work=lambda: PostgresUnitOfWork(database, react),
        blobs=blob_store(settings.blob_url),
        cache=RedisCache(settings.cache_url),
        readers=installed_readers(),
    )
    return Runtime(settings, kinds, database, ports)
