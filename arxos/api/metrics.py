"""What is counted of requests, over all processes of the interface, and how the queues stand: for Prometheus."""

import os
from collections.abc import Iterable
from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from arxos import __version__
from arxos.app.gauges import Gauges

FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # where the library's processes leave their numbers for each other
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 10)
NOWHERE = "other"  # no route of ours: whatever path was asked for

_registry = CollectorRegistry()
SECONDS = Histogram(
    "arxos_http_request_seconds",
    "From a request's arrival to its answer's beginning.",
    ("method", "route", "status"),
    buckets=BUCKETS,
    registry=_registry,
)
IN_FLIGHT = Gauge(
    "arxos_http_requests_in_flight", "Requests being answered.", multiprocess_mode="livesum", registry=_registry
)
BROKEN = Counter("arxos_http_errors_total", "Answers of 500 and above.", ("route",), registry=_registry)


class Counted:
    """Counts requests by route, never by path: paths are without number."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        began = perf_counter()

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                _count(scope, message["status"], perf_counter() - began)
            await send(message)

        IN_FLIGHT.inc()
        try:
            await self._app(scope, receive, answer)
        finally:
            IN_FLIGHT.dec()
        return None


def _count(scope: Scope, status: int, seconds: float) -> None:
    route = getattr(scope.get("route"), "path_format", NOWHERE)
    scope["app"].state.minutes.count(route, status, seconds)
    method = scope["method"] if route != NOWHERE else NOWHERE
    SECONDS.labels(method, route, str(status)).observe(seconds)
    if status >= 500:
        BROKEN.labels(route).inc()


def exposition(gauges: Gauges) -> bytes:
    """Everything, in Prometheus' text format."""
    registry = CollectorRegistry()
    if os.environ.get(FOLDER):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        registry.register(_State(gauges))
        return generate_latest(registry)
    registry.register(_State(gauges))
    return generate_latest(_registry) + generate_latest(registry)


class _State(Collector):
    """The ledger's state, read a moment ago."""

    def __init__(self, gauges: Gauges) -> None:
        self._gauges = gauges

    def collect(self) -> Iterable[Metric]:
        found = self._gauges
        yield _family("arxos_build_info", "The version.", ("version",), [((__version__,), 1)])
        yield _family("arxos_jobs", "Jobs that are not over, and dead ones.", ("queue", "state"), found.jobs)
        yield _family(
            "arxos_queue_oldest_ready_seconds", "How long the oldest due job waits.", ("queue",), found.oldest
        )
        yield _family("arxos_dead_jobs", "Dead letters.", ("queue", "kind"), found.dead)
        yield _family("arxos_workers", "Living workers that consume a queue.", ("queue",), found.workers)
        yield _family("arxos_services", "Living processes by role.", ("role",), found.services)
        yield _family("arxos_db_pool", "This process's connections to PostgreSQL.", ("state",), found.pool)


def _family(
    name: str, words: str, labels: tuple[str, ...], samples: Iterable[tuple[tuple[str, ...], float]]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, words, labels=labels)
    for values, number in samples:
        family.add_metric(values, number)
    return family
