"""Collect orphans: bytes in the blob store that no model names, once they are old enough to be nobody's any more."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from arxos.domain.ports import HeldBlob, Ports

BATCH = 500  # blobs that are looked up in one question
SHORTEST_GRACE_S = 3600.0  # an upload's bytes are there before its record is; no upload takes longer than that


@dataclass(frozen=True, slots=True)
class Collected:
    """What a look through the store came to."""

    examined: int
    removed: int
    freed_bytes: int
    abandoned: int = 0  # that processes had begun to store when they died


def collect_blobs(ports: Ports, grace_s: float, tell: Callable[[float, str], None]) -> Collected:
    """Remove what nobody names and nobody handed in for `grace_s` seconds; an hour is the least.

    Whoever hands the same bytes in again makes them young, so what is removed is named by nobody who is still coming.
    Idempotent: what was removed stays removed. `tell` hears how far it is: names are spread evenly over the store.
    """
    examined = removed = freed = 0
    grace_s = max(grace_s, SHORTEST_GRACE_S)
    for batch in batches(ports.blobs.walk()):
        for orphan in _orphans(ports, batch, grace_s):
            if ports.blobs.remove(orphan.sha256, older_than_s=grace_s):
                removed, freed = removed + 1, freed + orphan.size_bytes
        examined += len(batch)
        tell(int(batch[-1].sha256[:4], 16) / 0x10000, f"{examined} blobs examined, {removed} removed")
    return Collected(examined, removed, freed, ports.blobs.remove_abandoned())


def _orphans(ports: Ports, batch: Sequence[HeldBlob], grace_s: float) -> list[HeldBlob]:
    old = [blob for blob in batch if blob.age_s > grace_s]
    if not old:
        return []
    with ports.unit_of_work() as uow:
        named = uow.buildings.named_blobs([blob.sha256 for blob in old])
    return [blob for blob in old if blob.sha256 not in named]


def batches(blobs: Iterable[HeldBlob]) -> Iterator[list[HeldBlob]]:
    """In parts of BATCH."""
    remaining = iter(blobs)
    while batch := list(islice(remaining, BATCH)):
        yield batch
