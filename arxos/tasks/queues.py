"""The queues that exist, and the pool whose workers consume each."""

from enum import StrEnum

from arxos.domain.errors import InvalidPayloadError


class Pool(StrEnum):
    """Sorts of workers. cpu: child processes that can be killed and limited; io: threads that mostly wait."""

    CPU = "cpu"
    IO = "io"


POOL_OF = {
    "validation": Pool.CPU,
    "geometry": Pool.CPU,
    "maintenance": Pool.CPU,
    "cache": Pool.IO,
    "health": Pool.IO,
    "webhooks": Pool.IO,
}
INGRESS = "ingress"  # where plain Celery producers write; jobs never travel in it


def queues_of(pool: Pool) -> tuple[str, ...]:
    """The queues that a pool's workers consume."""
    return tuple(queue for queue, its_pool in POOL_OF.items() if its_pool is pool)


def known_queue(name: str) -> str:
    """The name itself. Raises InvalidPayloadError: a job in a misspelt queue would wait for ever."""
    if name not in POOL_OF:
        words = f"no queue {name!r}; there are {', '.join(sorted(POOL_OF))}"
        raise InvalidPayloadError(f"job: queue: {words}", {"queue": words})
    return name
