"""Every finding that the doctor knows, by its stable id; docs/doctor.md explains each."""

from collections.abc import Mapping
from typing import Any

from arxos.doctor.checks import (
    blobs,
    broker,
    configuration,
    delivery,
    letters,
    machine,
    processes,
    server,
    tables,
    work,
)
from arxos.doctor.examination import OWN_FINDINGS
from arxos.doctor.finding import Check, Severity

ALL: tuple[Check[Any], ...] = (
    *configuration.CHECKS,
    *machine.CHECKS,
    *broker.REACH,
    *broker.CHECKS,
    *broker.CACHE_REACH,
    *broker.CACHE,
    *delivery.CHECKS,
    *server.REACH,
    *server.SERVER,
    *server.ROLE,
    *server.OPEN,
    *server.SCHEMA,
    *server.CONNECTIONS,
    *tables.CHECKS,
    *processes.PROCESSES,
    *processes.DUTIES,
    *work.CHECKS,
    *letters.LETTERS,
    *letters.SCHEDULES,
    *blobs.CHECKS,
)


def catalogue() -> Mapping[str, Severity]:
    """Id → the worst that it ever says."""
    return {check.id: check.up_to for check in ALL} | OWN_FINDINGS
