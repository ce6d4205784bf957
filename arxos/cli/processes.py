"""Commands that start the system's processes, and the two that prepare for it."""

import os
from secrets import token_urlsafe
from typing import Annotated
from uuid import uuid4

import typer

from arxos.app.bootstrap import Runtime, start
from arxos.app.logging import configure_logging
from arxos.app.memory_limits import default_slots
from arxos.app.process_files import keep_files_private, tidy_files
from arxos.app.settings import read_settings
from arxos.app.tokens import issue
from arxos.app.verifying import verifier_of
from arxos.cli.output import print_json
from arxos.cli.session import session
from arxos.domain.access import Role
from arxos.domain.errors import InvalidError
from arxos.storage.database_roles import role_of
from arxos.storage.refresh_tokens import RefreshTokens
from arxos.tasks.queues import Pool


def migrate() -> None:
    """Bring the database's schema to the newest revision.

    With ARXOS_DATABASE_OWNER_URL as the schema's owner; the role of ARXOS_DATABASE_URL is given its rights then.

    Example: arxos migrate
    """
    from arxos.storage import migrations  # with all of Alembic, which no other command needs

    settings = read_settings()
    owner, process = settings.database_owner_url or settings.database_url, role_of(settings.database_url)
    print(migrations.migrate(owner, process if process != role_of(owner) else None))


def _begin(application: str) -> Runtime:
    """A process that stays."""
    keep_files_private()
    runtime = start(application=application)
    configure_logging(runtime.settings)
    tidy_files(runtime.ports.blobs)
    return runtime


def relay() -> None:
    """Publish due jobs, and take back what dead workers hold.

    Example: arxos relay
    """
    from arxos.scheduler.run_relay import run_relay

    runtime = _begin("arxos-relay")
    run_relay(runtime)


def beat() -> None:
    """Submit the jobs of schedules when they are due.

    Example: arxos beat
    """
    from arxos.scheduler.beat import run_beat

    runtime = _begin("arxos-beat")
    run_beat(runtime)


def ingress() -> None:
    """Take in the messages of plain Celery producers.

    Example: arxos ingress
    """
    from arxos.workers.run_ingress import run_ingress

    runtime = _begin("arxos-ingress")
    run_ingress(runtime)


def worker(
    pool: Annotated[Pool, typer.Option(help="cpu: child processes; io: threads.")],
    concurrency: Annotated[int, typer.Option(min=0, max=1000, help="Jobs at once; 0: as many as there are CPUs.")] = 0,
) -> None:
    """Execute jobs.

    Example: arxos worker --pool cpu
    Example: arxos worker --pool io --concurrency 20
    """
    from arxos.workers.worker import run_worker

    runtime = _begin(f"arxos-worker-{pool}")
    run_worker(runtime, pool, concurrency or default_slots())


def flower(
    address: Annotated[str, typer.Option(envvar="ARXOS_FLOWER_ADDRESS", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="ARXOS_FLOWER_PORT", min=1, max=65535, help="Its port.")] = 5555,
) -> None:
    """Watch the workers live (Flower).

    Example: arxos flower --port 5556
    """
    from arxos.workers.flower import run_flower

    keep_files_private()
    run_flower(read_settings(), address, port)


def api(
    address: Annotated[str, typer.Option(envvar="ARXOS_API_ADDRESS", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="ARXOS_API_PORT", min=1, max=65535, help="Its port.")] = 8000,
    workers: Annotated[
        int, typer.Option(envvar="ARXOS_API_WORKERS", min=0, max=100, help="Processes; 0: as many as there are CPUs.")
    ] = 0,
) -> None:
    """Serve the HTTP interface and the console.

    Example: arxos api --port 8000 --workers 4
    """
    from arxos.api.server import run_api

    keep_files_private()
    settings = read_settings()
    verifier_of(settings)  # or every process would end for it
    run_api(settings, address, port, workers or os.cpu_count() or 1)


def token(
    subject: Annotated[str, typer.Option(help="Whom the token names.")],
    role: Annotated[Role, typer.Option(help="What the bearer may do.")],
    expires: Annotated[int, typer.Option(min=1, help="Seconds until it expires.")] = 3600,
    refresh: Annotated[
        int | None, typer.Option(min=60, help="Also a refresh token, good for so many seconds; prints JSON then.")
    ] = None,
) -> None:
    """Print a token for the HTTP API.

    Example: arxos token --subject ada --role editor --expires 600
    Example: arxos token --subject shop --role editor --expires 900 --refresh 2592000
    """
    runtime = session()
    secret = runtime.settings.jwt_secret
    if secret is None:
        raise InvalidError("ARXOS_JWT_SECRET: is not set")
    _check_life("--expires", expires, "ARXOS_TOKEN_LIFE_MAX_S", runtime.settings.token_life_max_s)
    if refresh is None:
        print(issue(secret.get_secret_value(), subject, role, expires))
        return
    _check_life("--refresh", refresh, "ARXOS_REFRESH_LIFE_MAX_S", runtime.settings.refresh_life_max_s)
    expires = min(expires, refresh)  # it ends with its family
    following, family = token_urlsafe(32), uuid4()
    RefreshTokens(runtime.database).keep(following, family, subject, role, refresh)
    access = issue(secret.get_secret_value(), subject, role, expires, family)
    print_json({"access_token": access, "expires_in": expires, "refresh_token": following})


def _check_life(option: str, asked_s: int, variable: str, longest_s: int) -> None:
    if asked_s > longest_s:
        raise InvalidError(f"{option}: {asked_s} s is longer than {variable} allows: {longest_s} s")
