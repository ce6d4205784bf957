"""Channels whose connection is gone end no worker and make none idle; bindings that are gone come back."""

from collections.abc import Iterator
from typing import Any

import pytest
import redis as redis_client
from kombu.transport.redis import Channel

from arxos.app.settings import Settings
from arxos.tasks.queues import POOL_OF
from arxos.workers.celery_app import build_app
from arxos.workers.connection import forgive_lost_connections
from arxos.workers.publisher import Publisher


def settings_for(redis_url: str) -> Settings:
    return Settings(database_url="postgresql://none", broker_url=redis_url, blob_url="file:///none")


@pytest.fixture
def channel(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A channel with one message that was taken and not acknowledged."""
    for name in ("QoS", "_connparams"):
        monkeypatch.setattr(Channel, name, getattr(Channel, name))  # as it was, when the test is over
    forgive_lost_connections()
    app = build_app(settings_for(redis_url))
    connection = app.connection_for_read()
    channel = connection.default_channel
    channel.qos.prefetch_count = 1
    channel.qos._delivered["tag"] = None
    yield channel
    connection.release()


def test_an_ack_on_a_closed_connection_is_a_lost_connection_and_frees_its_slot(channel: Any) -> None:
    assert not channel.qos.can_consume()
    channel.client.connection_pool.disconnect()
    channel._disconnect_pools()
    channel.connection.client = None  # what closing leaves of a channel that somebody still holds
    with pytest.raises(redis_client.ConnectionError, match="closed meanwhile"):
        channel.qos.ack("tag")
    assert channel.qos.can_consume()


def test_handing_back_to_a_broker_that_is_gone_is_no_error(channel: Any) -> None:
    channel._disconnect_pools()
    channel.connection.client = None
    channel.qos.restore_unacked_once()


def test_a_binding_that_we_declared_and_somebody_deleted_is_declared_again(redis_url: str) -> None:
    publisher = Publisher(build_app(settings_for(redis_url)))
    with redis_client.Redis.from_url(redis_url) as somebody:
        somebody.flushdb()
        assert set(publisher.declare_missing()) == set(POOL_OF)
        for _ in range(2):
            somebody.delete("_kombu.binding.maintenance")
            assert publisher.declare_missing() == ["maintenance"]
            assert somebody.exists("_kombu.binding.maintenance")
        assert publisher.declare_missing() == []
    publisher.close()
