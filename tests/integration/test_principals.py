"""Rows of versions that knew no principals: migrated, and written beside this version."""

import os
from collections.abc import Iterator
from uuid import UUID, uuid4

import psycopg
import pytest
from alembic import command

from arxos.domain.errors import KeyReusedError
from arxos.storage.migrations import _config, migrate
from tests.builders import new_job
from tests.servers import Servers
from tests.worlds import PostgresWorld

# As versions before wrote them: with whom they name, and no principal.
WRITTEN = """
INSERT INTO jobs (id, kind, queue, state, payload, policy, max_attempts, idempotency_key, submitted_by)
VALUES (%s, 'probe.noop', 'maintenance', 'queued', '{}', '{"max_attempts": 3}', 3, %s, %s)
ON CONFLICT DO NOTHING
"""
PRINCIPALS = {
    "ada": "user:ada",
    "": "user:",
    None: "user:",
    "ingress": "ingress",
    "ingress:shop": "ingress",
    "ingressive": "user:ingressive",
    "schedule:nightly": "schedule",
    "webhooks": "system",
    "health.sweep": "system",
    "cli": "cli:cli",
}


@pytest.fixture
def url(servers: Servers) -> Iterator[str]:
    """A database at the revision before."""
    name = f"arxos_principals_{os.getpid()}"
    url = servers.create_database(name)
    command.upgrade(_config(url), "0018")
    yield url
    servers.drop_database(name)


def write(url: str, key: str | None, by: str | None) -> UUID:
    job_id = uuid4()
    with psycopg.connect(url) as connection:
        connection.execute(WRITTEN, [job_id, key, by])
    return job_id


def test_keys_from_before_are_known_to_their_principals_and_to_nobody_else(url: str) -> None:
    ids = {by: write(url, f"key of {by}", by) for by in PRINCIPALS}
    migrate(url)
    migrate(url)
    world = PostgresWorld(url)
    for by, principal in PRINCIPALS.items():
        key = f"key of {by}"
        assert world.get(ids[by]).principal == principal
        assert world.insert(new_job(idempotency_key=key, principal=principal)) == [ids[by]]
        with pytest.raises(KeyReusedError):
            world.insert(new_job(idempotency_key=key, principal=principal, payload={"n": 1}))
        stranger = new_job(idempotency_key=key, principal="user:stranger")
        assert world.insert(stranger) == [stranger.id]
    world.close()


def test_a_key_is_used_once_by_versions_side_by_side(url: str) -> None:
    migrate(url)
    world = PostgresWorld(url)
    world.insert(first := new_job(idempotency_key="k", principal="user:ada", submitted_by="ada"))
    assert repeated_by_the_version_before(world, "k", "ada") == first.id
    other = write(url, "l", "ada")
    assert world.insert(new_job(idempotency_key="l", principal="user:ada")) == [other]
    assert world.get(write(url, "k", "bob")).principal == "user:bob"
    world.close()


def repeated_by_the_version_before(world: PostgresWorld, key: str, by: str) -> UUID:
    """It inserts, meets what is there, and looks for the key."""
    world.sql(WRITTEN, uuid4(), key, by)
    [(found,)] = world.sql("SELECT id FROM jobs WHERE idempotency_key = %s", key)
    assert isinstance(found, UUID)
    return found


def test_an_interrupted_migration_is_begun_again(url: str) -> None:
    """An index that was given up half-way is there, and holds nothing: it must not be taken for the index."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER TABLE jobs ADD COLUMN principal text")
        for key in ("k", "l"):
            connection.execute(WRITTEN, [uuid4(), key, "ada"])
        failing = "CREATE UNIQUE INDEX CONCURRENTLY jobs_idempotency_key ON jobs (kind)"
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute(failing)
    migrate(url)
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT indexrelid::regclass::text, indisvalid, indisunique FROM pg_index"
            " WHERE indrelid = 'jobs'::regclass AND indexrelid::regclass::text LIKE 'jobs_idempotency%'"
        ).fetchall()
    assert found == [("jobs_idempotency_key", True, True)]


def test_going_back_needs_keys_that_are_unique_for_everybody(url: str) -> None:
    migrate(url)
    write(url, "k", "ada")
    command.downgrade(_config(url), "0018")
    with psycopg.connect(url) as connection, pytest.raises(psycopg.errors.UniqueViolation):
        connection.execute(WRITTEN.replace("ON CONFLICT DO NOTHING", ""), [uuid4(), "k", "bob"])
