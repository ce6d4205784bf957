"""What is logged is one line an event, also what libraries say."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from arxos.app.logging import configure_logging
from arxos.app.settings import Settings


@pytest.fixture
def json_logs(capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    before, level = logging.getLogger().handlers[:], logging.getLogger().level
    configure_logging(Settings(database_url="postgresql://x", broker_url="redis://x", blob_url="file:///x"))
    yield
    structlog.reset_defaults()
    logging.getLogger().handlers[:] = before
    logging.getLogger().setLevel(level)


def test_a_librarys_traceback_can_be_read(json_logs: None, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        int("no number")
    except ValueError:
        logging.getLogger("celery.worker").exception("unrecoverable error")
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["level"]) == ("unrecoverable error", "error")
    assert "Traceback" in line["exception"]
    assert "ValueError: invalid literal" in line["exception"]
