"""How each part of the system is: asked all at once, and for a second at most."""

import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLateError
from dataclasses import replace
from datetime import UTC, datetime

from arxos.app.settings import Settings
from arxos.domain.errors import ArxosError, UnavailableError
from arxos.domain.health.parts import Component
from arxos.domain.health.report import HealthStatus as Status
from arxos.domain.ports import BlobStore
from arxos.outside.watched import PREFIXES
from arxos.storage.blobs import FileBlobStore
from arxos.storage.database import Database
from arxos.storage.delivery_facts import untaken
from arxos.storage.health import PostgresHealth
from arxos.storage.process_facts import LivingProcess, living
from arxos.storage.redis_address import redis_reach
from arxos.storage.schema_facts import schema_facts
from arxos.tasks.queues import POOL_OF

ANSWER_S = 1.0  # who takes longer does not answer
LOW, TOO_LOW = 0.05, 0.01  # of a disk
STALE_S = 300.0  # how old what a job saw may be


Check = Callable[[], tuple[Status, Mapping[str, object]]]
VITAL = ("postgres", "blobs")  # without these nothing can be taken in


class Components:
    """As one process sees them, on connections of their own. `own`: that process's connections to the database."""

    def __init__(self, settings: Settings, own: Database, blobs: BlobStore) -> None:
        self._settings = settings
        self._own = own
        self._blob_store = blobs
        self._database = own.hasty(ANSWER_S)
        self._threads = ThreadPoolExecutor(8, thread_name_prefix="health")

    def close(self) -> None:
        """Let go of everything."""
        self._threads.shutdown(cancel_futures=True)  # none of them may open a connection after the last line
        self._database.close()

    def look(self) -> dict[str, Component]:
        """All of them. One that hangs costs a second, and keeps no other from answering."""
        began = time.monotonic()
        asked = {name: self._threads.submit(_timed, check) for name, check in self._checks().items()}
        found: dict[str, Component] = {}
        for name, answer in asked.items():
            found |= _answered(name, answer, began + ANSWER_S - time.monotonic())
        return found

    def watched(self) -> dict[str, Component]:
        """Services and certificates, as a job looked at them last; none while nobody can tell."""
        try:
            with self._database.connection() as connection:
                parts = PostgresHealth(connection).parts()
        except UnavailableError:
            return {}
        return {one.name: _as_of(one.component, one.checked_at) for one in parts if one.name.startswith(PREFIXES)}

    def ready(self) -> tuple[bool, dict[str, Component]]:
        """Whether jobs can be accepted: PostgreSQL answers, and its schema is the one that this code knows."""
        found = _answered("postgres", self._threads.submit(_timed, self._postgres), ANSWER_S)
        return found["postgres"].status is not Status.UNHEALTHY, found

    def _checks(self) -> dict[str, Callable[[], tuple[Status, Mapping[str, object]]]]:
        settings = self._settings
        return {
            "postgres": self._postgres,
            "redis": lambda: _redis(settings.broker_url),
            "cache": lambda: _redis(settings.cache_url),
            "blobs": self._blobs,
            "disk": _disk,
            "relay": lambda: self._service("relay", Status.UNHEALTHY),
            "beat": lambda: self._service("beat", Status.DEGRADED),
            "workers": self._workers,
            "delivery": self._delivery,
            "pool": self._pool,
        }

    def _postgres(self) -> tuple[Status, Mapping[str, object]]:
        facts = schema_facts(self._database)
        pending = list(facts.pending)
        status = Status.UNHEALTHY if pending else Status.HEALTHY
        return status, {"revision": facts.current, "pending": pending}

    def _blobs(self) -> tuple[Status, Mapping[str, object]]:
        assert isinstance(self._blob_store, FileBlobStore)
        room = self._blob_store.probe()
        return _room(room.free_bytes, room.total_bytes)

    def _service(self, role: str, missing: Status) -> tuple[Status, Mapping[str, object]]:
        alive = [one for one in self._living() if one.role == role]
        return (Status.HEALTHY if alive else missing), {"alive": len(alive)}

    def _workers(self) -> tuple[Status, Mapping[str, object]]:
        alive = self._living()
        consumers = {queue: sum(queue in one.queues for one in alive) for queue in POOL_OF}
        if not any(consumers.values()):
            return Status.UNHEALTHY, {"by_queue": consumers}
        return (Status.HEALTHY if all(consumers.values()) else Status.DEGRADED), {"by_queue": consumers}

    def _delivery(self) -> tuple[Status, Mapping[str, object]]:
        """Whether what is published reaches the workers."""
        settings = self._settings
        with self._database.connection() as connection:
            found = untaken(connection, settings.lease_s, settings.republish_s)
        if not found:
            return Status.HEALTHY, {}
        return Status.DEGRADED, {"problem": "; ".join(one.seen for one in found), "advice": found[0].advice}

    def _living(self) -> tuple[LivingProcess, ...]:
        return living(self._database, self._settings.lease_s)

    def _pool(self) -> tuple[Status, Mapping[str, object]]:
        """Connections of this process to the database."""
        stats = self._own.stats()
        return (Status.DEGRADED if stats.get("requests_waiting") else Status.HEALTHY), stats


def overall(components: Mapping[str, Component]) -> Status:
    """Unhealthy where nothing can be taken in, degraded where anything else is not well."""
    if any(components[name].status is Status.UNHEALTHY for name in VITAL):
        return Status.UNHEALTHY
    well = all(one.status is Status.HEALTHY for one in components.values())
    return Status.HEALTHY if well else Status.DEGRADED


def _disk() -> tuple[Status, Mapping[str, object]]:
    """Where models are unpacked: the disk for temporary files of this machine."""
    usage = shutil.disk_usage(tempfile.gettempdir())
    return _room(usage.free, usage.total)


def _room(free_bytes: int, total_bytes: int) -> tuple[Status, Mapping[str, object]]:
    share = free_bytes / total_bytes
    status = Status.UNHEALTHY if share < TOO_LOW else Status.DEGRADED if share < LOW else Status.HEALTHY
    return status, {"free_bytes": free_bytes, "total_bytes": total_bytes}


def _as_of(component: Component, checked_at: datetime) -> Component:
    """What nobody looked at for so long is not known to be well."""
    detail = {**component.detail, "checked_at": checked_at.isoformat()}
    if (datetime.now(UTC) - checked_at).total_seconds() < STALE_S:
        return replace(component, detail=detail)
    stale = component.status if component.status is Status.UNHEALTHY else Status.DEGRADED
    return replace(component, status=stale, detail={**detail, "problem": "nobody looked since"})


def _redis(url: str) -> tuple[Status, Mapping[str, object]]:
    """Away it costs time, no job: what is accepted waits in the ledger."""
    redis_reach(url, ANSWER_S)
    return Status.HEALTHY, {}


def _timed(check: Check) -> Component:
    began = time.monotonic()
    try:
        status, detail = check()
    except (ArxosError, OSError) as error:
        said = str(error) if isinstance(error, UnavailableError) else type(error).__name__
        status, detail = Status.UNHEALTHY, {"problem": said}
    return Component(status, round((time.monotonic() - began) * 1000, 2), detail)


def _answered(name: str, answer: "Future[Component]", within_s: float) -> dict[str, Component]:
    try:
        return {name: answer.result(max(within_s, 0.01))}
    except TooLateError:
        return {name: Component(Status.UNHEALTHY, ANSWER_S * 1000, {"problem": f"no answer within {ANSWER_S:g} s"})}
