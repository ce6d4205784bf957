"""A private PostgreSQL cluster: one folder, one loopback port, one password."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from deploy.local.binaries import find_postgres
from deploy.local.checkout import ROOT
from deploy.local.commands import run
from deploy.local.private_files import keep_secret, write_private
from deploy.local.unprivileged import give_to_unprivileged, prefix_for

_SETTINGS = {
    "listen_addresses": "'127.0.0.1'",
    "unix_socket_directories": "''",  # a socket's path is limited to 107 bytes; a checkout's is not
    "max_connections": "100",
    "shared_buffers": "256MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "wal_level": "minimal",  # nobody replicates a local stack
    "max_wal_senders": "0",
    "random_page_cost": "1.1",
    "jit": "off",  # costs more than it saves on the ledger's short statements
    # The jobs table changes all the time: dead rows are cleared early, or the queue's index scans slow down.
    "autovacuum_naptime": "10s",
    "autovacuum_vacuum_scale_factor": "0.05",
    "autovacuum_analyze_scale_factor": "0.05",
    "autovacuum_vacuum_cost_delay": "0",
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
    "log_line_prefix": "'%m [%p] '",
}
_ROLES = ROOT / "deploy" / "postgres" / "roles.sql"
_FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True, slots=True)
class Postgres:
    """One cluster below `home`. `durable` false: nothing survives a power cut; for tests."""

    home: Path
    port: int
    durable: bool = True

    @property
    def data(self) -> Path:
        """The cluster's folder, owned by the user that runs it."""
        return self.home / "postgres"

    def url(self, database: str = "arxos") -> str:
        """As the superuser, password included."""
        return f"postgresql://arxos:{self._password()}@127.0.0.1:{self.port}/{database}"

    def owner_url(self, database: str = "arxos") -> str:
        """As the owner of the schema: for migrations."""
        return self._url_as("arxos_owner", database)

    def process_url(self, database: str = "arxos") -> str:
        """As processes: they read and write rows."""
        return self._url_as("arxos_process", database)

    def prepare(self) -> None:
        """Make the cluster unless it is there, and write its settings. A half-made cluster is made anew."""
        self.home.mkdir(parents=True, exist_ok=True)
        if not (self.data / "arxos.ready").exists():
            self._initdb()
        settings = _SETTINGS | {"port": str(self.port)} | ({} if self.durable else _FORGETFUL)
        text = "".join(f"{name} = {value}\n" for name, value in settings.items())
        self._write("arxos.conf", text)

    def command(self) -> list[str]:
        """Runs the server in the foreground. SIGINT stops it at once and cleanly; SIGTERM waits for its clients."""
        return [*prefix_for(self.data), str(find_postgres().folder / "postgres"), "-D", str(self.data)]

    def answers(self) -> bool:
        """Whether the server accepts connections now: not merely listens, but is past its recovery."""
        ready = find_postgres().folder / "pg_isready"
        asked = [str(ready), "-q", "-h", "127.0.0.1", "-p", str(self.port), "-t", "2"]
        return subprocess.run(asked, check=False).returncode == 0

    def create_database(self, name: str = "arxos") -> None:
        """Create the database with PostGIS in it, unless it is there."""
        exists = self._ask("postgres", f"SELECT 1 FROM pg_database WHERE datname = '{name}'")  # noqa: S608 - our own name
        if not exists:
            self._ask("postgres", f"CREATE DATABASE {name}")
        self._ask(name, "CREATE EXTENSION IF NOT EXISTS postgis")

    def create_roles(self, name: str = "arxos") -> None:
        """Create the two roles, or give them the passwords and rights that they should have. Safe to repeat."""
        passwords = {f"ARXOS_{one.upper()}_PASSWORD": self._password(one) for one in ("owner", "process")}
        self._psql(name, f"--file={_ROLES}", **passwords)

    def _initdb(self) -> None:
        shutil.rmtree(self.data, ignore_errors=True)
        self.data.mkdir(mode=0o700)
        give_to_unprivileged(self.data)
        password = self.home / "postgres.initdb"  # initdb, too, runs as the unprivileged user
        write_private(password, self._password())
        give_to_unprivileged(password)
        options = ["--encoding=UTF8", f"--locale={_locale()}", "--username=arxos", "--auth=scram-sha-256"]
        # initdb syncs the whole folder at its end, which takes longer than all the rest
        sync = [] if self.durable else ["--no-sync"]
        initdb = [
            str(find_postgres().folder / "initdb"),
            *options,
            *sync,
            f"--pwfile={password}",
            f"--pgdata={self.data}",
        ]
        run([*prefix_for(self.data), *initdb])
        password.unlink()
        # initdb tried out what this machine allows and wrote it down: ours comes after it, not in its place
        with (self.data / "postgresql.conf").open("a") as settings:
            settings.write("\ninclude 'arxos.conf'\n")
        self._write("arxos.ready", "")

    def _url_as(self, role: str, database: str) -> str:
        password = self._password(role.removeprefix("arxos_"))
        return f"postgresql://{role}:{password}@127.0.0.1:{self.port}/{database}"

    def _password(self, role: str = "") -> str:
        return keep_secret(self.home / (f"postgres-{role}.password" if role else "postgres.password"))

    def _write(self, name: str, text: str) -> None:
        file = self.data / name
        file.write_text(text)
        give_to_unprivileged(file)

    def _ask(self, database: str, statement: str) -> str:
        return self._psql(database, f"--command={statement}")

    def _psql(self, database: str, what: str, **variables: str) -> str:
        psql = str(find_postgres().folder / "psql")
        options = ["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"]
        address = {"PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGUSER": "arxos", "PGDATABASE": database}
        return run([psql, *options, what], address | {"PGPASSWORD": self._password()} | variables)


def _locale() -> str:
    """UTF-8 aware and the same everywhere; plain C where the system does not know it."""
    known = subprocess.run(["locale", "-a"], capture_output=True, text=True, check=False).stdout.lower().split()
    return "C.UTF-8" if {"c.utf8", "c.utf-8"} & set(known) else "C"
