"""Logs: one line an event, JSON for machines or columns for people, on stderr."""

import logging
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, TextIO

import structlog

from arxos.app.settings import Settings
from arxos.domain.visible_text import visible

LEVELS: Mapping[str, int] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}


def configure_logging(settings: Settings) -> None:
    """Set up structlog, and send what libraries log through it too."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: Any = structlog.processors.JSONRenderer()  # ASCII: what a terminal would obey is escaped
    if settings.log_format != "json":
        renderer = structlog.dev.ConsoleRenderer()
        shared.append(_visibly)
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[settings.log_level]),
        logger_factory=structlog.PrintLoggerFactory(_stderr()),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(_stderr())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.processors.format_exc_info],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    # Libraries speak of every message they carry: at info that is one line per job, which is ours to write.
    root.setLevel(max(LEVELS[settings.log_level], logging.WARNING))


def _stderr() -> TextIO:
    """Below what the command line puts around it: the colours of a log are ours."""
    return getattr(sys.stderr, "stream", sys.stderr)


def _visibly(_logger: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """For people's terminals: text of others with what it would do to them written out."""
    return {key: visible(value, lines=True) if isinstance(value, str) else value for key, value in event.items()}
