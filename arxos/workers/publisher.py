"""Hands envelopes to Redis through Celery: only job ids and trace headers travel."""

from collections.abc import Sequence
from uuid import uuid4

import redis
from celery import Celery
from kombu.exceptions import KombuError
from kombu.exceptions import OperationalError as BrokerError

from arxos.domain.errors import UnavailableError
from arxos.storage.outbox import Envelope

BROKER_ERRORS = (BrokerError, KombuError, redis.RedisError, OSError)


class Publisher:
    """One connection to the broker; reconnects by itself at the next call after an error."""

    def __init__(self, app: Celery) -> None:
        self._app = app
        self._connection = app.connection_for_write()

    def depths(self, queues: Sequence[str]) -> dict[str, int]:
        """Messages that wait in each Redis queue. Raises UnavailableError."""
        try:
            with self._connection.default_channel.client.pipeline(transaction=False) as pipeline:
                for queue in queues:
                    pipeline.llen(queue)
                return dict(zip(queues, pipeline.execute(), strict=True))
        except BROKER_ERRORS as error:
            raise self._lost(error) from error

    def publish(self, envelopes: Sequence[Envelope]) -> None:
        """Send all in one pipelined batch. Raises UnavailableError; then some may have been sent all the same."""
        try:
            with self._app.amqp.Producer(self._connection, auto_declare=False) as producer, producer.batch():
                for envelope in envelopes:
                    self._send(envelope, producer)
        except BROKER_ERRORS as error:
            raise self._lost(error) from error

    def close(self) -> None:
        """Leave the broker."""
        self._connection.release()

    def _send(self, envelope: Envelope, producer: object) -> None:
        count = len(envelope.jobs)
        self._app.send_task(
            envelope.kind,
            args=[[str(job_id) for job_id in envelope.jobs]],
            queue=envelope.queue,
            task_id=str(uuid4()),
            producer=producer,
            headers={"traceparent": envelope.trace} if envelope.trace else None,
            argsrepr=str(envelope.jobs[0]) if count == 1 else f"{count} jobs",
            retry=False,
        )

    def _lost(self, error: Exception) -> UnavailableError:
        self._connection.release()
        self._connection = self._app.connection_for_write()
        return UnavailableError(f"the broker does not answer: {type(error).__name__}")
