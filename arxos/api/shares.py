"""What a process has few of, shared out: nobody takes all of it."""

from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field

from arxos.api.problems import Refusal


@dataclass(slots=True)
class Shares:
    """So many of a thing at the same time in this process, and so many of them for one owner.

    `what`: as the refusal names it. An owner is a subject or an address; a taker may have several, and needs a share of
    each.
    """

    what: str
    most: int
    most_of_one: int
    retry_s: int = 1
    taken: int = 0
    _of: Counter[str] = field(default_factory=Counter)

    def take(self, held: ExitStack, owners: Iterable[str]) -> None:
        """Until `held` is closed. Raises Refusal: 429 where an owner has its share, 503 where all are taken."""
        owners = tuple(owners)
        headers = {"Retry-After": str(self.retry_s)}
        if any(self._of[owner] >= self.most_of_one for owner in owners):
            raise Refusal(429, f"{self.most_of_one} {self.what} of one caller already", headers=headers)
        if self.taken >= self.most:
            raise Refusal(503, f"{self.most} {self.what} already", headers=headers)
        self.taken += 1
        self._of.update(owners)
        held.callback(self._give_back, owners)

    def _give_back(self, owners: tuple[str, ...]) -> None:
        self.taken -= 1
        for owner in owners:
            self._of[owner] -= 1
            if not self._of[owner]:
                del self._of[owner]
