"""What this process takes from Redis: nothing reaches Celery that was not admitted."""

from collections.abc import Callable
from queue import Empty
from typing import Any

import structlog
from kombu.exceptions import ContentDisallowed, DecodeError
from kombu.transport.redis import Channel
from kombu.utils.encoding import bytes_to_str

from arxos.workers.admission import RefusedError

Open = Callable[[bytes, str], dict[str, Any]]  # (what lay in the queue, queue) → envelope; raises RefusedError
Refuse = Callable[[str, int, RefusedError], None]  # (queue, bytes, why)

# What kombu raises on the way to a command.
NO_MESSAGE = (TypeError, ValueError, LookupError, AttributeError, RecursionError, ContentDisallowed, DecodeError)

log = structlog.get_logger()


def guard_queues(open_message: Open, refuse: Refuse) -> None:
    """From now on this process's channels hand on what `open_message` makes of a message.

    kombu parses where it reads, within the event loop: what it cannot parse ends the consumer. What is refused here is
    gone from Redis and was never counted as taken.
    """

    def deliver(channel: Any, queue: str, raw: bytes) -> None:
        try:
            envelope = open_message(raw, queue)
        except RefusedError as error:
            refuse(queue, len(raw), error)
        else:
            channel.connection._deliver(envelope, queue)  # noqa: SLF001 - as kombu's own channel does

    def read(channel: Any, **options: Any) -> bool:
        return _read(channel, deliver, options)

    Channel._brpop_read = read  # type: ignore[method-assign, assignment]  # noqa: SLF001 - there is no other place before the parser


def guard_control() -> None:
    """From now on nothing that somebody publishes on the channel of remote control ends this process.

    Celery heeds what a command raises, and nothing of what comes before: a list where a message should be ended every
    worker at once.
    """
    receive, deliver = Channel._receive_one, Channel._deliver_fanout_message  # noqa: SLF001

    def receive_or_drop(channel: Any, client: Any) -> Any:
        try:
            return receive(channel, client)  # type: ignore[no-untyped-call]
        except RecursionError as error:
            _tell_of_dropped(error)
            raise Empty from None

    def deliver_or_drop(channel: Any, message: Any, exchange: str) -> Any:
        try:
            return deliver(channel, message, exchange)  # type: ignore[no-untyped-call]
        except NO_MESSAGE as error:
            _tell_of_dropped(error)
            return False

    Channel._receive_one = receive_or_drop  # type: ignore[method-assign]  # noqa: SLF001
    Channel._deliver_fanout_message = deliver_or_drop  # type: ignore[method-assign]  # noqa: SLF001


def _tell_of_dropped(error: BaseException) -> None:
    log.warning("control_message_dropped", reason=type(error).__name__)


# As `Channel._brpop_read` in kombu 5.7, but for the delivery.
def _read(channel: Any, deliver: Callable[[Any, str, bytes], None], options: dict[str, Any]) -> bool:
    client = channel.client
    try:
        try:
            taken = client.parse_response(client.connection, "BRPOP", **options)
        except channel.connection_errors:
            client.connection.disconnect()  # the next poll connects again
            raise
        if not taken:
            raise Empty
        queue = bytes_to_str(taken[0]).rsplit(channel.sep, 1)[0]
        channel._queue_cycle.rotate(queue)  # noqa: SLF001
        deliver(channel, queue, taken[1])
        return True
    finally:
        channel._in_poll = None  # noqa: SLF001
        channel._flush_brpop_reauth()  # noqa: SLF001
