"""Celery with Redis and default settings: a no-op, the same INSERT that probe.effect does, and a latency probe."""

import os
import time

import psycopg
import redis
from celery import Celery

BROKER = os.environ["ARXOS_BROKER_URL"]
app = Celery("rival", broker=BROKER)
app.conf.broker_connection_retry_on_startup = True
app.conf.worker_hijack_root_logger = False
_connection: psycopg.Connection | None = None


@app.task
def noop() -> None:
    """Do nothing."""


@app.task
def effect(key: str) -> None:
    """Insert one row and commit."""
    global _connection
    if _connection is None:
        _connection = psycopg.connect(os.environ["ARXOS_DATABASE_URL"])
    _connection.execute("INSERT INTO rival_effects (key) VALUES (%s)", [key])
    _connection.commit()


@app.task
def latency(sent: float) -> None:
    """Note how long the message took."""
    took = time.time() - sent
    redis.Redis.from_url(BROKER).rpush("rival:latency", took)
