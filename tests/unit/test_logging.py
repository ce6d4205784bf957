"""What is logged is one line an event, also what libraries say."""

import json
import logging
from collections.abc import Iterator
from io import StringIO

import pytest
import structlog

from arxos.app.logging import configure_logging
from arxos.app.settings import Settings


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[StringIO]:
    root, said = logging.getLogger(), StringIO()
    before, level = root.handlers[:], root.level
    monkeypatch.setattr("sys.stderr", said)
    configure_logging(Settings(database_url="postgresql://x", broker_url="redis://x", blob_url="file:///x"))
    yield said
    structlog.reset_defaults()
    root.handlers[:] = before
    root.setLevel(level)


def test_a_librarys_traceback_can_be_read(logged: StringIO) -> None:
    try:
        int("no number")
    except ValueError:
        logging.getLogger("celery.worker").exception("unrecoverable error")
    line = json.loads(logged.getvalue())
    assert (line["event"], line["level"]) == ("unrecoverable error", "error")
    assert "Traceback" in line["exception"]
    assert "ValueError: invalid literal" in line["exception"]
