"""Celery's remote control, read-only: no message on its channel stops a worker, or changes what it does.

Celery carries questions and orders on one channel, which everybody may use who may publish in Redis. Stopping,
draining and cancelling have ways of their own, through the ledger, where callers are known and acts recorded.
"""

from collections.abc import Callable, Mapping
from typing import Any

import structlog
from celery.worker import control

Command = Callable[..., Any]  # (state, **arguments) → reply

READ_ONLY = frozenset(
    {"ping", "stats", "conf", "active", "active_queues", "query_task", "registered", "reserved", "revoked", "scheduled"}
)
# Of a connection: the rest names passwords of alternates and sentinels.
BROKER_FACTS = ("hostname", "port", "transport", "virtual_host", "userid", "ssl", "connect_timeout")
SETTINGS = ("task_", "worker_", "accept_content", "timezone", "enable_utc")
REFUSED = "switched off: arxos has commands of its own (arxos workers drain, arxos jobs cancel, arxos queues pause)"

log = structlog.get_logger()


def restrict_control() -> None:
    """From now on this process answers READ_ONLY commands and refuses all others, also ones that Celery adds later."""
    answered = {name: control.Panel.data[name] for name in READ_ONLY}
    secretless = {"stats": _stats(answered["stats"]), "conf": _conf(answered["conf"])}
    control.Panel.data = _Commands(answered | secretless)


class _Commands(dict[str, Command]):
    """Commands by name; every name has one."""

    def __missing__(self, name: str) -> Command:
        known = name if name in control.Panel.meta else "unknown"  # or a stranger would write into our log

        def refuse(_state: Any, /, **_: Any) -> Mapping[str, str]:
            log.warning("control_command_refused", command=known)
            return {"error": REFUSED}

        return refuse


def _stats(original: Command) -> Command:
    def stats(state: Any, **arguments: Any) -> Any:
        said = original(state, **arguments)
        return said | {"broker": {name: said.get("broker", {}).get(name) for name in BROKER_FACTS}}

    return stats


def _conf(original: Command) -> Command:
    def conf(state: Any, **arguments: Any) -> Any:
        return {name: value for name, value in original(state, **arguments).items() if name.startswith(SETTINGS)}

    return conf
