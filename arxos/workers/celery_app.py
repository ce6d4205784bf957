"""The Celery application: its settings, its queues, and one Celery task per job kind."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from celery import Celery
from kombu.entity import Exchange, Queue

from arxos.app.settings import Settings
from arxos.storage.redis_address import parse_address
from arxos.tasks.kind import JobKind
from arxos.tasks.queues import POOL_OF
from arxos.workers.admission import UNKNOWN_KIND
from arxos.workers.connection import PatientAMQP

Deliver = Callable[[str, list[UUID], UUID], str]  # (kind, job ids, delivery) → a word on what became of them

VISIBILITY_TIMEOUT_S = 2 * 5000  # above twice the longest hard limit; the ledger, not Redis, finds lost jobs
TRANSPORT_OPTIONS: dict[str, Any] = {
    "visibility_timeout": VISIBILITY_TIMEOUT_S,
    "socket_timeout": 5,  # acks wait within the event loop: while they do, nothing is consumed and no limit is kept
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
    # Never `retry_on_timeout`: with it redis-py makes lost connections again behind kombu's back. A worker then hangs
    # reading a pub/sub connection on which nothing will come, and publishing is not pipelined.
    "health_check_interval": 10,
}
SENTINEL_TIMEOUT_S = 1.0  # sentinels are asked one after the other, by whoever waits for the master


def build_app(settings: Settings, client: str = "arxos") -> Celery:
    """A Celery app that can publish, consume and be watched; it knows no tasks yet.

    Its connections show themselves as `client` in Redis's CLIENT LIST.
    """
    app = Celery("arxos", amqp=PatientAMQP)
    app.conf.update(broker_settings(settings.broker_url, client))
    app.conf.update(
        task_queues=[Queue(name, Exchange(name), routing_key=name) for name in POOL_OF],
        task_default_queue="maintenance",
        task_create_missing_queues=False,
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        # The ledger decides what runs again, so redelivery by the broker only has to be harmless: late acks keep the
        # prefetch window open across a Redis restart, where lost early acks leave a worker that consumes nothing.
        task_acks_late=True,
        task_acks_on_failure_or_timeout=True,
        task_reject_on_worker_lost=False,
        worker_prefetch_multiplier=1,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_send_task_events=True,
        worker_proc_alive_timeout=60,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        # What Redis refuses (it is full, a replica, says NOPERM) passes as outages do: wait and connect again.
        broker_channel_error_retry=True,
        task_publish_retry=False,
        enable_utc=True,
        timezone="UTC",
    )
    return app


def broker_settings(url: str, client: str) -> dict[str, Any]:
    """What Celery and kombu have to be told of a broker at this address."""
    address = parse_address(url)
    options = TRANSPORT_OPTIONS | {"client_name": client}
    if address.master is not None:
        options |= {"master_name": address.master, "sentinel_kwargs": address.sentinel_options(SENTINEL_TIMEOUT_S)}
    # Flower reads TLS from `broker_use_ssl` and nowhere else.
    tls = {} if address.tls is None else {"broker_use_ssl": dict(address.tls)}
    return {"broker_url": ";".join(address.urls()), "broker_transport_options": options, **tls}


def register_kinds(app: Celery, kinds: Mapping[str, JobKind[Any]], deliver: Deliver) -> None:
    """One Celery task per kind, so that Flower, limits and routing see kinds; and one for all unknown kinds."""
    for kind in kinds.values():
        app.task(_body(kind.name, deliver), name=kind.name, bind=True, soft_time_limit=kind.soft_limit_s)
    app.task(_body(None, deliver), name=UNKNOWN_KIND, bind=True)


def _body(kind: str | None, deliver: Deliver) -> Callable[[Any, list[str]], str]:
    """What a message's task does; where `kind` is None, the message tells which."""

    def run(task: Any, jobs: list[str]) -> str:
        return deliver(kind or task.request.shadow, [UUID(job) for job in jobs], UUID(task.request.id))

    return run
