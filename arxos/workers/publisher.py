"""Hands envelopes to Redis through Celery: only job ids and trace headers travel."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar
from uuid import UUID, uuid4

import redis
from celery import Celery
from kombu.connection import Connection

from arxos.domain.errors import UnavailableError
from arxos.domain.jobs.envelopes import Envelope
from arxos.storage.broker_messages import jobs_in
from arxos.workers.admission import shown
from arxos.workers.broker_words import BROKER_ERRORS, words_for

T = TypeVar("T")

LOOKED_THROUGH = 10_000  # messages of one queue; who finds more there finds them forged
LOOKED_THROUGH_BYTES = 32 * 1024 * 1024
AT_ONCE = 8


class Publisher:
    """One connection to the broker; reconnects by itself at the next call after an error.

    Every method raises UnavailableError, which says what is the matter.
    """

    def __init__(self, app: Celery) -> None:
        self._app = app
        self._connection = self._new_connection()

    def depths(self, queues: Sequence[str]) -> dict[str, int]:
        """Messages that wait in each Redis queue."""

        def ask(channel: Any) -> dict[str, int]:
            with channel.client.pipeline(transaction=False) as pipeline:
                for queue in queues:
                    pipeline.llen(queue)
                return dict(zip(queues, pipeline.execute(), strict=True))

        return self._do(ask)

    def publish(self, envelopes: Sequence[Envelope]) -> None:
        """Send all in one pipelined batch. After an error some may have been sent all the same."""

        def send(_: Any) -> None:
            with self._app.amqp.Producer(self._connection, auto_declare=False) as producer, producer.batch():
                for envelope in envelopes:
                    self._send(envelope, producer)

        self._do(send)

    def waiting(self, queue: str) -> set[UUID] | None:
        """The jobs that the waiting messages of a queue name; None: there are too many messages to look through."""

        def look(channel: Any) -> set[UUID] | None:
            found, size, key = set[UUID](), 0, f"{channel.global_keyprefix}{queue}"
            # From the end where messages are added: what comes meanwhile is seen twice, and none is skipped.
            for start in range(0, LOOKED_THROUGH, AT_ONCE):
                messages = channel.client.lrange(key, start, start + AT_ONCE - 1)
                size += sum(map(len, messages))
                if not messages or size > LOOKED_THROUGH_BYTES:
                    return None if messages else found
                found.update(*map(jobs_in, messages))
            return None

        return self._do(look)

    def declare_missing(self) -> list[str]:
        """Queues of ours that have lost their binding; each has it again."""

        def declare(channel: Any) -> list[str]:
            bindings = {name: f"_kombu.binding.{name}" for name in self._app.amqp.queues}
            missing = [
                name for name, key in bindings.items() if not channel.client.exists(f"{channel.global_keyprefix}{key}")
            ]
            for name in missing:
                channel.state.queue_bindings_delete(name)  # what kombu has declared once it never declares again
                self._app.amqp.queues[name](channel).declare()
            return missing

        return self._do(declare)

    def info(self) -> dict[str, Any]:
        """What Redis tells of itself; nothing where this user may not ask."""

        def ask(channel: Any) -> dict[str, Any]:
            try:
                return dict(channel.client.info())
            except redis.exceptions.NoPermissionError:
                return {}

        return self._do(ask)

    def close(self) -> None:
        """Leave the broker."""
        self._connection.release()

    def _send(self, envelope: Envelope, producer: object) -> None:
        self._app.send_task(
            envelope.kind,
            args=[[str(job_id) for job_id in envelope.jobs]],
            queue=envelope.queue,
            task_id=str(uuid4()),
            producer=producer,
            headers={"traceparent": envelope.trace} if envelope.trace else None,
            argsrepr=shown(envelope.jobs),
            retry=False,
        )

    def _do(self, act: Callable[[Any], T]) -> T:
        try:
            # Else `default_channel` would try again for seconds by itself.
            self._connection.ensure_connection(max_retries=0)
            return act(self._connection.default_channel)
        except BROKER_ERRORS as error:
            self._reset()
            raise UnavailableError(words_for(error)) from error

    def _reset(self) -> None:
        with suppress(*BROKER_ERRORS):
            self._connection.release()
        self._connection = self._new_connection()

    def _new_connection(self) -> Connection:
        connection: Connection = self._app.connection_for_write()
        return connection
