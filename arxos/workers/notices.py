"""Notices from a worker to its children: which of the attempts that they run are to stop."""

import mmap
import struct
from uuid import UUID

COUNT = struct.Struct("=Q")
ENTRY = struct.Struct("=16sI4x")  # the job's id, the attempt's number
ROOM = 8192  # more attempts than a worker runs at once; the oldest notice gives way to the next


class Notices:
    """A ring in memory that is shared by all processes forked later. One thread writes, anybody reads, without a lock.

    A reader that meets an entry half overwritten takes it for no other job's: its halves belong to two, and no reader
    looks for the mixture. Make it before the fork.
    """

    def __init__(self, room: int = ROOM) -> None:
        self._room = room
        self._memory = mmap.mmap(-1, (1 + room) * ENTRY.size)  # the count takes the first place

    @property
    def count(self) -> int:
        """How many were ever put here: while that stays the same there is nothing new to look for."""
        count: int = COUNT.unpack_from(self._memory)[0]
        return count

    def put(self, job_id: UUID, attempt: int) -> None:
        """Tell that this attempt is to stop."""
        count = self.count
        ENTRY.pack_into(self._memory, (1 + count % self._room) * ENTRY.size, job_id.bytes, attempt)
        COUNT.pack_into(self._memory, 0, count + 1)

    def name(self, job_id: UUID, attempt: int, since: int = 0) -> bool:
        """Whether one of the notices after the first `since` tells this attempt to stop."""
        wanted, count = ENTRY.pack(job_id.bytes, attempt), self.count
        places = ((1 + number % self._room) * ENTRY.size for number in range(max(since, count - self._room), count))
        return any(self._memory[place : place + ENTRY.size] == wanted for place in places)
