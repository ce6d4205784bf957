"""How much is due in a queue, and when whoever finds too much should come again."""

from collections.abc import Sequence
from dataclasses import dataclass

from arxos.domain.errors import OverloadedError
from arxos.domain.ports import UnitOfWork

SHORTEST_S, LONGEST_S = 1, 600
ROOM = 0.9  # come again when so much of the limit is left: not all at the first free place


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many jobs of a queue are due and not begun, and how many it finished a second of late."""

    queue: str
    due: int
    per_s: float

    def wait_s(self, limit: int) -> int:
        """When to come again. With 1,200 due, a limit of 1,000 and 50 finished a second: (1,200 - 900) / 50 = 6 s."""
        if self.per_s <= 0:
            return LONGEST_S // 10
        return round(min(max((self.due - ROOM * limit) / self.per_s, SHORTEST_S), LONGEST_S))

    def refusal(self, limit: int) -> OverloadedError:
        """What whoever submits is told."""
        wait_s = self.wait_s(limit)
        much = f"queue {self.queue!r} has {self.due:,} due jobs, and takes no more from its limit of {limit:,} on"
        return OverloadedError(f"{much}: come again in {wait_s} s", wait_s)


def refuse_if_full(uow: UnitOfWork, queues: Sequence[str], limit: int) -> None:
    """Raises OverloadedError where one of the queues has that many due: for what would make jobs there later."""
    for backlog in uow.jobs.backlogs(queues, limit):
        if backlog.due >= limit:
            raise backlog.refusal(limit)
