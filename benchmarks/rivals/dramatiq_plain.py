"""dramatiq with Redis and default settings: a no-op, the same INSERT that probe.effect does, and a latency probe."""

import os
import threading
import time

import dramatiq
import psycopg
import redis
from dramatiq.brokers.redis import RedisBroker

BROKER = os.environ["ARXOS_BROKER_URL"]
dramatiq.set_broker(RedisBroker(url=BROKER))
_local = threading.local()


@dramatiq.actor
def noop() -> None:
    """Do nothing."""


@dramatiq.actor
def effect(key: str) -> None:
    """Insert one row and commit, on this thread's connection."""
    if not hasattr(_local, "connection"):
        _local.connection = psycopg.connect(os.environ["ARXOS_DATABASE_URL"])
    _local.connection.execute("INSERT INTO rival_effects (key) VALUES (%s)", [key])
    _local.connection.commit()


@dramatiq.actor
def latency(sent: float) -> None:
    """Note how long the message took."""
    took = time.time() - sent
    redis.Redis.from_url(BROKER).rpush("rival:latency", took)
