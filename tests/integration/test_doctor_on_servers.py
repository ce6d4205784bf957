"""What is wrong with real servers, the doctor finds: each fault is planted and found under its id."""

import os
import signal
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from arxos.doctor.catalogue import catalogue
from arxos.doctor.examination import OWN_FINDINGS
from tests.doctored import Doctored
from tests.running import wait_until

NOWHERE = "127.0.0.1:1"
ROWS = "INSERT INTO attempts (job_id, attempt, started_at, outcome, error_message)"


def test_a_system_that_is_well_has_no_errors_and_every_check_has_its_say(ill: Doctored) -> None:
    ill.service("relay")
    found = ill.findings()
    assert {one.id for one in found} == set(catalogue()) - set(OWN_FINDINGS)
    bad = {one.id: one.seen for one in found if one.severity in {"warning", "error", "skipped"}}
    assert set(bad) <= {"machine.root", "database.role"}, bad  # tests work as the servers' owner
    assert ("machine.root" in bad) is (os.geteuid() == 0)


@pytest.mark.parametrize(("policy", "severity"), [("allkeys-lru", "error"), ("volatile-lru", "warning")])
def test_a_broker_that_evicts(ill: Doctored, policy: str, severity: str) -> None:
    ill.redis("CONFIG", "SET", "maxmemory-policy", policy)
    try:
        assert ill.verdict("redis.eviction").startswith(f"{severity}: maxmemory-policy {policy}")
        assert ill.verdict("cache.shared").startswith(f"{severity}: cache and broker share one server")
    finally:
        ill.redis("CONFIG", "SET", "maxmemory-policy", "noeviction")


@pytest.mark.parametrize(("part", "says"), [(0, "warning: no maxmemory"), (0.85, "warning"), (0.95, "error")])
def test_a_broker_whose_memory_runs_out_or_has_no_end(ill: Doctored, part: float, says: str) -> None:
    ill.redis("SET", "ballast", b"x" * (32 << 20))  # beside which the memory of connections that come and go is little
    used = int(ill.redis("INFO", "memory")["used_memory"])
    ill.redis("CONFIG", "SET", "maxmemory", int(used / part) if part else 0)
    try:
        assert ill.verdict("redis.memory").startswith(says)
    finally:
        ill.redis("CONFIG", "SET", "maxmemory", "512mb")


def test_a_broker_that_forgets(ill: Doctored) -> None:
    ill.redis("CONFIG", "SET", "appendonly", "no")
    try:
        assert ill.verdict("redis.persistence").startswith("warning: neither AOF nor snapshots")
        ill.redis("CONFIG", "SET", "save", "3600 1")
        assert ill.verdict("redis.persistence").startswith("warning: snapshots only")
    finally:
        ill.redis("CONFIG", "SET", "save", "")
        ill.redis("CONFIG", "SET", "appendonly", "yes")


def test_a_broker_user_of_few_rights(ill: Doctored) -> None:
    ill.redis("ACL", "SETUSER", "few", "reset", "on", ">few", "~*", "&*", "+@all", "-info")
    address = urlsplit(ill.settings.broker_url)
    ill.change(broker_url=f"redis://few:few@{address.hostname}:{address.port}/0")
    assert ill.verdict("redis.rights").startswith("warning: the broker does not permit this user INFO (NOPERM)")
    assert ill.verdict("redis.eviction") == "skipped: INFO is not permitted"
    ill.redis("ACL", "SETUSER", "few", "+info", "-config")
    assert ill.verdict("redis.eviction") == "ok: maxmemory-policy noeviction"


def test_a_wrong_password_of_the_broker(ill: Doctored) -> None:
    address = urlsplit(ill.settings.broker_url)
    ill.change(broker_url=f"redis://:hunter2@{address.hostname}:{address.port}/0")
    assert ill.verdict("redis.credentials").startswith(
        "error: the broker refuses the name or password of ARXOS_BROKER_"
    )
    assert ill.verdict("redis.eviction").startswith("skipped")
    assert "hunter2" not in repr(ill.findings())


def test_a_broker_and_a_cache_that_are_away(ill: Doctored) -> None:
    ill.change(broker_url=f"redis://{NOWHERE}", cache_url=f"redis://{NOWHERE}")
    assert ill.verdict("redis.reachable").startswith("error: the broker cannot be reached")
    assert ill.verdict("cache.reachable").startswith("warning: the cache cannot be reached")
    assert ill.verdict("database.schema").startswith("ok")


def test_a_database_that_is_away(ill: Doctored) -> None:
    ill.change(database_url=f"postgresql://arxos:hunter2@{NOWHERE}/arxos")
    found = {one.id: one for one in ill.findings()}
    assert found["database.reachable"].severity == "error"
    assert found["queues.consumers"].severity == found["database.version"].severity == "skipped"
    assert found["redis.eviction"].severity == "ok"
    assert "hunter2" not in repr(found)


@pytest.mark.parametrize(("server", "check"), [("redis", "redis.reachable"), ("postgres", "database.reachable")])
def test_a_server_that_hangs_takes_no_longer_than_promised(ill: Doctored, server: str, check: str) -> None:
    process = getattr(ill.ground, server).process
    process.send_signal(signal.SIGSTOP)
    began = time.monotonic()
    try:
        assert ill.verdict(check).startswith("error")
        assert time.monotonic() - began < 10
    finally:
        process.send_signal(signal.SIGCONT)


def test_a_table_that_somebody_holds_is_told_of_and_the_rest_is_looked_at(ill: Doctored) -> None:
    with psycopg.connect(ill.settings.database_url) as holder:
        holder.execute("LOCK TABLE jobs")
        found = ill.findings()
    unanswered = {one.subject for one in found if one.id == "doctor.unanswered"}
    assert "Work" in unanswered
    assert {one.severity for one in found if one.id == "queues.consumers"} == {"skipped"}
    assert {one.severity for one in found if one.id == "schedules.errors"} == {"ok"}


def test_a_schema_that_does_not_fit(ill: Doctored) -> None:
    ill.world.sql("UPDATE alembic_version SET version_num = '0006'")
    assert ill.verdict("database.schema").startswith("error: the schema is at revision 0006; pending: 0007")
    assert ill.verdict("queues.consumers") == "skipped: the schema is behind this code"
    ill.world.sql("UPDATE alembic_version SET version_num = '9999'")
    assert ill.verdict("database.schema").startswith(
        "warning: the schema is at revision 9999, which this code does not"
    )
    assert ill.verdict("queues.consumers").startswith("ok")


def test_an_empty_database(ill: Doctored) -> None:
    ill.change(database_url=ill.ground.servers.create_database(f"{ill.database}_empty"))
    assert ill.verdict("database.postgis").startswith("error: PostGIS is not in this database")
    assert ill.verdict("database.schema").startswith("error: the schema is at revision none; pending: 0001")


@pytest.mark.parametrize(
    ("setting", "check"),
    [
        ("default_transaction_read_only = on", "database.writable"),
        ("synchronous_commit = off", "database.durability"),
    ],
)
def test_settings_of_the_database(ill: Doctored, setting: str, check: str) -> None:
    ill.postgres(f"ALTER DATABASE {ill.database} SET {setting}")
    assert ill.verdict(check).startswith("error")


@pytest.mark.parametrize(
    ("name", "check"), [("autovacuum", "database.autovacuum"), ("full_page_writes", "database.durability")]
)
def test_settings_of_the_server(ill: Doctored, name: str, check: str) -> None:
    ill.postgres(f"ALTER SYSTEM SET {name} = off", "SELECT pg_reload_conf()")
    try:
        wait_until(lambda: ill.verdict(check).startswith(f"error: {name} off"), f"{name} is told of", 20)
    finally:
        ill.postgres(f"ALTER SYSTEM RESET {name}", "SELECT pg_reload_conf()")
        wait_until(lambda: ill.verdict(check).startswith("ok"), f"{name} is on again", 20)


def test_transactions_that_are_open_for_long(ill: Doctored) -> None:
    ill.change(long_transaction_s=0.2)
    with psycopg.connect(ill.settings.database_url, application_name="analyst") as holder:
        holder.execute("SELECT pg_current_xact_id()")
        wait_until(
            lambda: ill.verdict("database.open_transactions").startswith("warning: analyst (pid"), "it is told of"
        )
        holder.rollback()
        holder.execute("INSERT INTO probe_effects VALUES (gen_random_uuid(), 1, 'x')")
        holder.execute("PREPARE TRANSACTION 'moved'")
    try:
        says = "warning: prepared transaction moved is open"
        wait_until(lambda: ill.verdict("database.open_transactions").startswith(says), "it is told of")
    finally:
        ill.postgres("ROLLBACK PREPARED 'moved'")


def test_connections_that_run_out(ill: Doctored) -> None:
    with ExitStack() as taken:
        for count, says in ((31, "warning"), (36, "error")):
            while (row := ill.world.sql("SELECT sum(numbackends) FROM pg_stat_database")) and row[0][0] < count:
                taken.enter_context(psycopg.connect(ill.settings.database_url, autocommit=True)).execute("SELECT 1")
            wait_until(lambda: ill.verdict("database.connections").startswith(says), f"{says} at {count}", 20)  # noqa: B023


def test_workers_that_may_open_more_connections_than_are_left(ill: Doctored) -> None:
    ill.worker(connections=500)
    assert "but the living processes may open 500" in ill.verdict("database.connections")
    ill.world.pass_time(3600)
    assert ill.verdict("database.connections").startswith("ok")


def test_a_table_that_autovacuum_is_to_leave_alone_and_its_dead_rows(ill: Doctored) -> None:
    ill.world.sql("ALTER TABLE attempts SET (autovacuum_enabled = false)")
    (found,) = ill.findings("database.table_vacuum")
    assert (found.severity, found.subject) == ("error", "attempts")
    ill.world.sql(f"{ROWS} SELECT gen_random_uuid(), 1, now(), 'lost', '' FROM generate_series(1, 25000)")
    ill.world.sql("DELETE FROM attempts")
    wait_until(
        lambda: ill.verdict("database.dead_rows").startswith("warning: attempts has 25000 dead"), "they are seen", 20
    )


def test_a_table_of_which_most_is_empty(ill: Doctored) -> None:
    ill.world.sql("ALTER TABLE attempts SET (autovacuum_enabled = false)")
    many = "SELECT gen_random_uuid(), n, now(), 'lost', repeat('x', 1500) FROM generate_series(1, 25000) n"
    ill.world.sql(f"{ROWS} {many}")
    ill.postgres("VACUUM (ANALYZE) attempts")
    assert ill.verdict("database.bloat").startswith("ok")
    ill.world.sql("DELETE FROM attempts WHERE mod(attempt, 10) > 0")
    ill.postgres("VACUUM (ANALYZE) attempts")
    (found,) = ill.findings("database.bloat")
    assert (found.severity, found.subject) == ("warning", "attempts")
    assert "of which about 9" in found.seen


def test_a_blob_store_that_cannot_be_written(ill: Doctored, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ill.change(blob_url=(tmp_path / "file" / "blobs").as_uri())
    assert ill.verdict("blobs.writable").startswith("error: blob store")
    ill.change(blob_url="s3://key:hunter2@bucket/blobs")
    assert ill.verdict("blobs.store").startswith("error: ARXOS_BLOB_URL: s3:// is not supported")
    assert "hunter2" not in repr(ill.findings())


def test_probing_the_blob_store_leaves_no_blob(ill: Doctored, tmp_path: Path) -> None:
    assert ill.verdict("blobs.writable").startswith("ok")
    assert [path for path in (tmp_path / "blobs").rglob("*") if path.is_file() and path.stat().st_size] == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
def test_a_blob_store_on_a_small_disk(ill: Doctored, tmp_path: Path) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("this machine lets nobody mount")
    try:
        ill.change(blob_url=folder.as_uri())
        assert ill.verdict("blobs.space").startswith("error")
        (folder / "filler").write_bytes(b"x" * (2 << 20))
    except OSError:
        assert ill.verdict("blobs.writable").startswith("error: blob store")
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)
