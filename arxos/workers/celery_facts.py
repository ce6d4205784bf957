"""What Celery and kombu were told, where a wrong word makes messages run twice."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from celery import Celery
from kombu.transport.redis import Channel

from arxos.tasks.kind import JobKind

# kombu's channels read the first and nothing else; a Redis result backend reads the second, and whatever is built
# on Celery's documentation, such as exporters, the third.
BROKER, RESULTS, TOP = (
    "broker_transport_options.visibility_timeout",
    "result_backend_transport_options.visibility_timeout",
    "visibility_timeout",
)


@dataclass(frozen=True, slots=True)
class CeleryFacts:
    """After how many seconds an unacknowledged message is delivered again, by every place that says so."""

    visibility_s: Mapping[str, float]
    longest_kind: str
    longest_s: float  # that kind's hard limit
    drain_s: float  # what a stopping worker may take besides


def celery_facts(app: Celery, kinds: Mapping[str, JobKind[Any]], drain_s: float) -> CeleryFacts:
    """Read an app's settings. Where the broker's is not set, kombu's default holds; the others then say nothing."""
    conf = app.conf
    said = {
        BROKER: (conf.get("broker_transport_options") or {}).get("visibility_timeout", Channel.visibility_timeout),
        RESULTS: (conf.get("result_backend_transport_options") or {}).get("visibility_timeout"),
        TOP: conf.get("visibility_timeout"),
    }
    longest = max(kinds.values(), key=lambda kind: kind.hard_limit_s)
    visibility = {place: float(value) for place, value in said.items() if value is not None}
    return CeleryFacts(visibility, longest.name, longest.hard_limit_s, drain_s)
