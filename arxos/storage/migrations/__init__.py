"""The schema's history. Each revision is plain SQL; `migrate` brings a database to the newest."""

import logging
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.pool import NullPool

from arxos.domain.errors import InvalidError, UnavailableError

LOCK = 4_027_431  # an advisory lock: two processes that migrate at once take turns


def migrate(database_url: str, process_role: str | None = None) -> str:
    """Bring the database to the newest revision; returns that revision. Safe to run at any time, by many at once.

    `process_role`: the role that processes work as, where it is not the one that owns the schema; it is given its
    rights. Raises UnavailableError, InvalidError where there is no such role.
    """
    logging.getLogger("alembic").setLevel(logging.WARNING)
    config = _config(database_url)
    config.attributes["process_role"] = process_role
    try:
        command.upgrade(config, "head")
    except psycopg.errors.UndefinedObject as error:
        raise InvalidError(f"ARXOS_DATABASE_URL: {_words(error)}; see docs/deploy.md") from error
    except ProgrammingError as error:
        if isinstance(error.orig, psycopg.errors.InsufficientPrivilege):
            raise InvalidError(f"{_words(error.orig)}: let ARXOS_DATABASE_OWNER_URL name the schema's owner") from error
        raise
    except OperationalError as error:
        raise UnavailableError(f"the database does not answer: {_words(error.orig)}") from error
    return newest(database_url)


def revisions() -> list[str]:
    """All that this code knows, the oldest first."""
    known = ScriptDirectory(str(Path(__file__).parent)).walk_revisions()
    return [one.revision for one in known][::-1]


def newest(database_url: str) -> str:
    """The newest revision that this code knows."""
    return ScriptDirectory.from_config(_config(database_url)).get_current_head() or ""


def current(database_url: str) -> str | None:
    """The revision the database is at; None before the first."""
    engine = create_engine(sqlalchemy_url(database_url), poolclass=NullPool)
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def sqlalchemy_url(database_url: str) -> str:
    """The same address with the driver named, as SQLAlchemy wants it."""
    return "postgresql+psycopg://" + database_url.split("://", 1)[1]


def _words(error: BaseException | None) -> str:
    return (str(error).strip().splitlines() or ["no reason given"])[0]


def _config(database_url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["database_url"] = database_url
    return config
