"""A system for the doctor to look at: servers to be harmed, and a ledger to plant faults in."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import redis as redis_client
from pydantic import SecretStr

from arxos.app.settings import Settings
from arxos.doctor.examination import examine
from arxos.doctor.finding import Finding
from arxos.doctor.visit import lines
from arxos.storage.services import Service, Services
from tests.builders import beat, new_job
from tests.faults.ground import Ground
from tests.worlds import PostgresWorld

WITHIN_S = 8.0
SECRET = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
REDIS_OPTIONS = ("--appendonly", "yes")
POSTGRES_OPTIONS = ("-c", "max_connections=40", "-c", "max_prepared_transactions=5")


@dataclass
class Doctored:
    """One fresh database on servers of the module's own, an empty broker, a folder for blobs."""

    ground: Ground
    settings: Settings
    world: PostgresWorld

    def change(self, **settings: object) -> None:
        """Look with other settings from now on."""
        self.settings = self.settings.model_copy(update=settings)

    def findings(self, check: str = "") -> list[Finding]:
        """What the doctor says, under this id or in all."""
        found = [one for section in examine(lines(self.settings, {}), WITHIN_S) for one in section.findings]
        return [one for one in found if check in ("", one.id)]

    def verdict(self, check: str) -> str:
        """``severity: what was seen`` of the only finding under the id."""
        (found,) = self.findings(check)
        return f"{found.severity}: {found.seen}"

    def redis(self, *command: object) -> Any:
        """A command on the broker, as its administrator."""
        with redis_client.Redis.from_url(self.ground.servers.redis_url) as client:
            return client.execute_command(*command)

    def postgres(self, *statements: str) -> None:
        """Statements outside of any transaction."""
        with psycopg.connect(self.settings.database_url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    @property
    def database(self) -> str:
        """Its name."""
        return self.settings.database_url.rpartition("/")[2]

    def job(self, kind: str = "probe.noop", *, published: bool = False, **fields: Any) -> UUID:
        """A due job; published or not."""
        (job_id,) = self.world.insert(new_job(kind, **fields))
        if published:
            self.world.sql("UPDATE jobs SET published_at = clock_timestamp() WHERE id = %s", job_id)
        return job_id

    def worker(self, name: str = "cpu@host:1:aaaaaa", *, clock_off_s: float = 0.0, **fields: Any) -> None:
        """A living worker of the queue `maintenance` that knows `probe.noop`."""
        clock = datetime.now(UTC) + timedelta(seconds=clock_off_s)
        told: dict[str, Any] = {"contracts": {"probe.noop": 1}, "clock": clock} | fields
        self.world.do(lambda ledger: ledger.beat(replace(beat(name), **told)))

    def service(self, role: str, trouble: tuple[str, float] | None = None) -> None:
        """A living relay or beat."""
        Services(self.world.database).beat(
            Service(f"{role}@here", role, "here", 1, "0.1.0"), datetime.now(UTC), trouble
        )


@contextmanager
def doctored(ground: Ground, folder: Path) -> Iterator[Doctored]:
    """Nothing is wrong yet, but that no relay is alive."""
    ground.repair(REDIS_OPTIONS)
    with redis_client.Redis.from_url(ground.servers.redis_url) as client:
        client.flushall()
    settings = Settings(
        database_url=ground.fresh_database(),
        broker_url=ground.servers.redis_database(0),
        cache_url=ground.servers.redis_database(1),
        blob_url=(folder / "blobs").as_uri(),
        jwt_secret=SecretStr(SECRET),
    )
    world = PostgresWorld(settings.database_url)
    try:
        yield Doctored(ground, settings, world)
    finally:
        world.close()
