"""Published jobs that no worker takes, though some that consume their queue are idle."""

from dataclasses import dataclass

NAMED = 3  # workers that are told by name


@dataclass(frozen=True, slots=True)
class Untaken:
    """Of one queue. `oldest_s`: since when the first of them was due; `idle`: living workers with free slots."""

    queue: str
    jobs: int
    oldest_s: float
    idle: tuple[str, ...]

    @property
    def seen(self) -> str:
        """What is the case, without a full stop."""
        jobs = "1 job is" if self.jobs == 1 else f"{self.jobs} jobs are"
        workers = (
            "1 worker that consumes it is" if len(self.idle) == 1 else f"{len(self.idle)} workers that consume it are"
        )
        return (
            f"{jobs} due in queue {self.queue} and published, but not claimed for {self.oldest_s:.0f} s,"
            f" while {workers} idle"
        )

    @property
    def advice(self) -> str:
        """What to do, without a full stop."""
        return (
            "their messages do not reach the workers: relay and workers must name the same Redis and the same database"
            " number in ARXOS_BROKER_URL, and nothing else may take messages there; if both is so, restart"
            f" {', '.join(self.idle[:NAMED])}"
        )
