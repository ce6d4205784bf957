"""The schema's history. Each revision is plain SQL; `migrate` brings a database to the newest."""

import logging
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from arxos.domain.errors import UnavailableError

LOCK = 4_027_431  # an advisory lock: two processes that migrate at once take turns


def migrate(database_url: str) -> str:
    """Bring the database to the newest revision; returns that revision. Safe to run at any time, by many at once.

    Raises UnavailableError.
    """
    logging.getLogger("alembic").setLevel(logging.WARNING)
    try:
        command.upgrade(_config(database_url), "head")
    except OperationalError as error:
        raise UnavailableError(f"the database does not answer: {str(error.orig).strip().splitlines()[0]}") from error
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


def _config(database_url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["database_url"] = database_url
    return config
