"""How Celery gets along with a broker that fails: it connects again and again, and no lost answer makes it idle."""

import logging
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import redis
import structlog
from celery import signals
from celery.app.amqp import AMQP
from celery.exceptions import CPendingDeprecationWarning
from kombu.connection import Connection
from kombu.transport.redis import Channel, QoS
from kombu.transport.virtual.base import QoS as VirtualQoS

from arxos.workers.broker_words import BROKER_ERRORS

LONGEST_WAIT_S = 2.0
SAID_AGAIN_S = 60.0

log = structlog.get_logger()


class PatientConnection(Connection):
    """kombu waits longer after each failure, up to 30 s, in which a broker that is back serves nobody."""

    def _ensure_connection(self, *arguments: Any, **options: Any) -> Any:
        waits = {"interval_start": 0.5, "interval_step": 0.5, "interval_max": LONGEST_WAIT_S}
        return super()._ensure_connection(*arguments, **waits | options)  # type: ignore[no-untyped-call]


class PatientAMQP(AMQP):  # type: ignore[misc]  # Celery is untyped
    """Celery's view of the broker with such connections."""

    Connection = PatientConnection


class ForgivingQoS(QoS):
    """Which messages a worker has taken and not acknowledged.

    An ack that fails frees the worker's slot all the same. kombu keeps it taken, Celery only logs, and a worker that
    has lost as many acks as it has slots consumes nothing for ever. The ledger knows that the job is done; what is
    left in Redis is delivered once more, hours later, and then there is nothing to do.
    """

    def ack(self, delivery_tag: str) -> None:
        """Raises what the connection raises."""
        try:
            super().ack(delivery_tag)  # type: ignore[no-untyped-call]
        except BaseException:
            VirtualQoS.ack(self, delivery_tag)
            raise

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:  # noqa: FBT001, FBT002 - kombu's signature
        """Raises what the connection raises."""
        try:
            super().reject(delivery_tag, requeue=requeue)  # type: ignore[no-untyped-call]
        except BaseException:
            VirtualQoS.ack(self, delivery_tag)
            raise

    def restore_by_tag(self, tag: Any, client: Any = None, leftmost: bool = False) -> None:  # noqa: FBT001, FBT002
        """Put back what was taken and never acknowledged.

        What somebody else wrote there is dropped: kombu would stumble over it at every look, and never start.
        """
        try:
            super().restore_by_tag(tag, client, leftmost)  # type: ignore[no-untyped-call]
        except (ValueError, TypeError, RecursionError) as error:
            log.warning("unacknowledged_dropped", reason=type(error).__name__)
            self._remove_from_indices(tag).execute()  # type: ignore[no-untyped-call]

    def restore_unacked_once(self, stderr: Any = None) -> None:
        """Hand back what was taken and not begun, if the broker is there; else the relay publishes it again."""
        try:
            super().restore_unacked_once(stderr)  # type: ignore[no-untyped-call]
        except BROKER_ERRORS:
            self._delivered.clear()


def _addressed(parameters: Callable[..., Any]) -> Callable[..., Any]:
    """A channel's address, for as long as it has one.

    Whoever acknowledges on a channel whose connection was closed meanwhile makes kombu connect anew, and with the
    connection the address is gone. The AttributeError of that would end the worker; a lost connection is waited out.
    """

    def ask(channel: Any, *arguments: Any, **options: Any) -> Any:
        if channel.connection is None or channel.connection.client is None:
            raise redis.ConnectionError("the connection was closed meanwhile")
        return parameters(channel, *arguments, **options)

    return ask


def forgive_lost_connections() -> None:
    """From now on no lost connection ends this process or makes it idle, through Sentinel and TLS, too."""
    Channel.QoS = ForgivingQoS
    Channel._connparams = _addressed(Channel._connparams)  # type: ignore[method-assign]  # noqa: SLF001 - no other way


def say_once() -> None:
    """Of an outage the log tells once a minute what Celery says at every try."""
    logging.getLogger("celery.worker.consumer.consumer").addFilter(SaidOnce())
    signals.celeryd_after_setup.connect(_no_announcement, weak=False)  # Celery has shown all its warnings by then


def _no_announcement(**_: Any) -> None:
    """Celery announces a default of its next version at each lost connection; we have chosen."""
    warnings.filterwarnings("ignore", category=CPendingDeprecationWarning, module="celery.worker.consumer.consumer")


@dataclass(slots=True)
class SaidOnce(logging.Filter):
    """Lets a message pass once a minute: an outage takes hours and many tries, and is one event."""

    clock: Callable[[], float] = time.monotonic
    _said: dict[tuple[str, str], float] = field(default_factory=dict)

    def filter(self, record: logging.LogRecord) -> bool:
        """Two messages are the same that differ only in the number of the try."""
        words = [word for word in record.args if not str(word).startswith("Trying")] if record.args else []
        key, now = (str(record.msg), str(words)), self.clock()
        new = now - self._said.get(key, -SAID_AGAIN_S) >= SAID_AGAIN_S
        if new:
            self._said = {key: at for key, at in self._said.items() if now - at < SAID_AGAIN_S} | {key: now}
        return new
