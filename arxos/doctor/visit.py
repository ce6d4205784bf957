"""Where the doctor looks: each line of places, and how facts are had there."""

import os
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Any
from urllib.parse import urlsplit

from packaging.requirements import Requirement

from arxos.app.memory_limits import default_slots, installed_memory
from arxos.app.settings import Settings
from arxos.doctor.checks import (
    blobs,
    broker,
    configuration,
    delivery,
    letters,
    machine,
    processes,
    server,
    tables,
    work,
)
from arxos.doctor.examination import Line
from arxos.doctor.finding import Part
from arxos.domain.errors import InvalidError, TransientError
from arxos.domain.jobs.schedule import Schedule
from arxos.storage.activity import Activity
from arxos.storage.blobs import blob_store
from arxos.storage.database import Database
from arxos.storage.database_roles import role_facts
from arxos.storage.letter_facts import letter_facts
from arxos.storage.process_facts import living
from arxos.storage.schedules import Schedules
from arxos.storage.schema_facts import schema_facts
from arxos.storage.server_facts import connection_facts, server_facts
from arxos.storage.services import Services
from arxos.storage.table_facts import table_facts
from arxos.storage.work_facts import work_facts
from arxos.tasks.registry import all_kinds
from arxos.workers.celery_app import build_app
from arxos.workers.celery_facts import CeleryFacts, celery_facts
from arxos.workers.redis_facts import Reach, redis_facts, redis_reach

ANSWER_S = 2.0  # what one statement may take
CARRIERS = ("celery", "kombu", "redis", "psycopg", "pydantic")  # the libraries that jobs depend on


def lines(settings: Settings, wrong: Mapping[str, str]) -> list[Line]:
    """Everything that is looked at. `wrong`: the fields of settings that cannot be read."""

    def why(*fields: str) -> str | None:
        """Not to look where these lead."""
        return next((f"{wrong[field].partition(':')[0]} is wrong" for field in fields if field in wrong), None)

    database = Database(settings.database_url, size=2, wait_s=ANSWER_S, answer_s=ANSWER_S, application="arxos-doctor")
    return [
        Line(list(_here(settings, wrong))),
        Line(list(_broker(settings.broker_url)), why("broker_url")),
        Line(list(_cache(settings)), why("cache_url", "broker_url")),
        Line([Part("Delivery", partial(_celery, settings), delivery.CHECKS)], why("drain_s")),
        Line(list(_database(database, settings)), why("database_url"), database.close),
        Line([Part("Blobs", partial(_blobs, settings.blob_url), blobs.CHECKS)], why("blob_url")),
    ]


def _here(settings: Settings, wrong: Mapping[str, str]) -> Iterator[Part[Any]]:
    secret = settings.jwt_secret.get_secret_value() if settings.jwt_secret else None
    facts = configuration.ConfigurationFacts(wrong, settings.probes, secret)
    yield Part("Settings", lambda: facts, configuration.CHECKS)
    yield Part("Machine", partial(_machine, settings), machine.CHECKS)


def _broker(url: str) -> Iterator[Part[Any]]:
    yield Part("Broker", partial(redis_reach, url), broker.REACH, _silent)
    yield Part("Broker", partial(redis_facts, url), broker.CHECKS)


def _cache(settings: Settings) -> Iterator[Part[Any]]:
    def facts() -> broker.CacheFacts:
        known = None if redis_reach(settings.broker_url).problem else redis_facts(settings.broker_url)
        return broker.CacheFacts(known, redis_facts(settings.cache_url))

    yield Part("Cache", partial(redis_reach, settings.cache_url), broker.CACHE_REACH, _silent)
    yield Part("Cache", facts, broker.CACHE)


def _database(database: Database, settings: Settings) -> Iterator[Part[Any]]:
    lease_s = settings.lease_s
    yield Part("Database", partial(_reach, database), server.REACH, lambda reached: reached.problem and "no database")
    yield Part("Database", partial(server_facts, database, lambda: datetime.now(UTC)), server.SERVER)
    yield Part("Database", partial(role_facts, database), server.ROLE)
    yield Part("Database", lambda: tuple(Activity(database).holders(settings.long_transaction_s)), server.OPEN)
    yield Part("Database", partial(schema_facts, database), server.SCHEMA, server.blocked_by_schema)
    yield Part("Database", partial(connection_facts, database, lease_s), server.CONNECTIONS)
    yield Part("Tables", partial(table_facts, database), tables.CHECKS)
    yield Part("Processes", partial(living, database, lease_s), processes.PROCESSES)
    yield Part("Processes", partial(_duties, database, lease_s), processes.DUTIES)
    yield Part("Work", partial(work_facts, database, lease_s, settings.republish_s), work.CHECKS)
    yield Part("Schedules", lambda: letters.ScheduleFacts(*_schedules(database)), letters.SCHEDULES)
    yield Part("Dead letters", partial(letter_facts, database), letters.LETTERS)


def _machine(settings: Settings) -> machine.MachineFacts:
    packages = tuple(_package(one) for one in _wanted() if one.name in CARRIERS)
    return machine.MachineFacts(
        os.geteuid() == 0, sys.version_info[:2], packages, installed_memory(), default_slots(), settings.job_memory_mb
    )


def _wanted() -> list[Requirement]:
    """What this project and Celery ask for; nothing where the project is not installed as a package."""
    try:
        own = [Requirement(line) for line in requires("arxos-workers") or []]
    except PackageNotFoundError:
        return []
    of_celery = [Requirement(line) for line in requires("celery") or []]
    return [*own, *(one for one in of_celery if one.name == "kombu" and one.marker is None)]


def _package(wanted: Requirement) -> machine.Package:
    try:
        installed = version(wanted.name)
    except PackageNotFoundError:
        return machine.Package(wanted.name, None, str(wanted.specifier), fits=False)
    fits = wanted.specifier.contains(installed, prereleases=True)
    return machine.Package(wanted.name, installed, str(wanted.specifier), fits)


def _celery(settings: Settings) -> CeleryFacts:
    return celery_facts(build_app(settings, "arxos-doctor"), all_kinds(probes=True), settings.drain_s)


def _reach(database: Database) -> server.Reached:
    try:
        with database.connection() as connection:
            connection.execute("SELECT 1")
    except TransientError as error:
        return server.Reached(str(error))
    return server.Reached()


def _duties(database: Database, lease_s: float) -> processes.DutyFacts:
    known, _ = Schedules(database).read()
    beats = sum(one.role == "beat" for one in living(database, lease_s))
    active = sum(one.paused_at is None for one in known)
    return processes.DutyFacts(Services(database).relays(lease_s), beats, Schedules(database).silent_s(), active)


def _schedules(database: Database) -> tuple[tuple[Schedule, ...], datetime]:
    known, now = Schedules(database).read()
    return tuple(known), now


def _blobs(url: str) -> blobs.BlobFacts:
    scheme = urlsplit(url).scheme
    try:
        return blobs.BlobFacts(scheme, room=blob_store(url).probe())
    except (InvalidError, TransientError) as error:
        return blobs.BlobFacts(scheme, problem=None if scheme != "file" else str(error))


def _silent(reach: Reach) -> str | None:
    return "it does not answer" if reach.problem else None
