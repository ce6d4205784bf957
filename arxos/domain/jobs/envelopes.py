"""What messages will carry: jobs of one kind, packed so that light ones travel together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from arxos.domain.jobs.turns import Candidate


@dataclass(frozen=True, slots=True)
class Envelope:
    """What one message will carry: jobs of one kind."""

    kind: str
    queue: str
    jobs: tuple[UUID, ...]
    trace: str | None


def pack(queue: str, due: Sequence[Candidate], room: int) -> Iterator[Envelope]:
    """Jobs into at most `room` envelopes, in order; light kinds share one, fuller the more of them are due.

    With room for 8 and 80 due jobs of a kind that allows 200 in a message: 8 envelopes of 10.
    """
    left = list(due)
    while left and room > 0:
        first = left[0]
        fair = -(-len(left) // room)
        size = max(1, min(first.batch, fair))
        mates = [job for job in left if (job.kind, job.batch) == (first.kind, first.batch)][:size]
        taken = {job.id for job in mates}
        left = [job for job in left if job.id not in taken]
        room -= 1
        yield Envelope(first.kind, queue, tuple(job.id for job in mates), first.trace)
