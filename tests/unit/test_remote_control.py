"""Which of Celery's remote control commands a worker obeys."""

from types import SimpleNamespace

import pytest
from celery import Celery
from celery.worker import control
from structlog.testing import capture_logs

from arxos.workers.remote_control import READ_ONLY, REFUSED, restrict_control

COMMANDS = sorted(control.Panel.meta)
ASKED = {name for name, meta in control.Panel.meta.items() if meta.type == "inspect"}


@pytest.fixture(autouse=True)
def restricted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control.Panel, "data", control.Panel.data)  # as it was, for other tests
    restrict_control()


def dispatched(command: str, **arguments: object) -> object:
    """What a worker with no state at all says: whatever touches it raises."""
    mailbox = Celery(set_as_current=False).control.mailbox
    return mailbox.Node("here", SimpleNamespace(), None, control.Panel.data).dispatch(command, arguments)


@pytest.mark.parametrize("command", [name for name in COMMANDS if name not in READ_ONLY])
def test_what_changes_anything_is_refused(command: str) -> None:
    with capture_logs() as logs:
        assert dispatched(command, task_id="x", queue="x", n=1) == {"error": REFUSED}
    assert [(one["event"], one["command"]) for one in logs] == [("control_command_refused", command)]


def test_all_that_is_answered_only_asks() -> None:
    assert READ_ONLY <= ASKED
    assert set(control.Panel.data) == READ_ONLY


def test_a_command_that_nobody_knows_is_refused_and_not_repeated_in_the_log() -> None:
    with capture_logs() as logs:
        assert dispatched("evil\n\x1b[31mcommand") == {"error": REFUSED}
    assert [one["command"] for one in logs] == ["unknown"]


def test_a_ping_is_answered() -> None:
    assert dispatched("ping") == {"ok": "pong"}


def test_the_settings_that_are_told_are_neither_addresses_nor_credentials() -> None:
    app = Celery(broker="sentinel://worker:hunter2@a:1/0;sentinel://worker:hunter2@b:2/0", set_as_current=False)
    app.conf.broker_transport_options = {"sentinel_kwargs": {"password": "hunter3"}, "client_name": "tells"}
    told = control.Panel.data["conf"](SimpleNamespace(app=app), with_defaults=True)
    assert {"task_acks_late", "worker_prefetch_multiplier"} <= set(told)
    assert not [name for name in told if name.startswith(("broker", "result", "redis", "security", "database"))]
