"""The blob store: whether it takes what it is given."""

from dataclasses import dataclass

from arxos.doctor.finding import Check, Remark, Severity, error, ok, skipped, warning
from arxos.storage.blobs import Room

GIB = 1024**3
FULL, NEARLY_FULL = 0.02, 0.1  # of the file system left
FULL_BYTES, NEARLY_FULL_BYTES = GIB // 4, 2 * GIB


@dataclass(frozen=True, slots=True)
class BlobFacts:
    """What came of storing a few bytes: `problem`, or else the room that there is. `scheme`: of the address."""

    scheme: str
    problem: str | None = None
    room: Room | None = None


def store(facts: BlobFacts) -> list[Remark]:
    """Whether the address is one that the store knows."""
    if facts.scheme != "file":
        return error(
            f"ARXOS_BLOB_URL: {facts.scheme}:// is not supported by this version", "use file:///an/absolute/folder"
        )
    return ok("blobs are files")


def writable(facts: BlobFacts) -> list[Remark]:
    """Whether bytes can be stored and deleted."""
    if facts.problem:
        return error(facts.problem, "give the user that runs the processes the right to write there, and room")
    return ok("a blob was written and deleted") if facts.room else skipped("there is no store")


def space(facts: BlobFacts) -> list[Remark]:
    """Whether there is room for more. A big disk is not full at 90 %, a small one not with a GiB left."""
    if facts.room is None:
        return skipped("no blob could be written")
    free, part = facts.room.free_bytes, facts.room.free_bytes / max(1, facts.room.total_bytes)
    seen = f"{free / GIB:.1f} GiB are free ({part:.0%})"
    advice = "make room on the file system of ARXOS_BLOB_URL"
    if (part < FULL and free < NEARLY_FULL_BYTES) or free < FULL_BYTES:
        return error(seen, advice)
    return warning(seen, advice) if part < NEARLY_FULL and free < 5 * NEARLY_FULL_BYTES else ok(seen)


CHECKS: tuple[Check[BlobFacts], ...] = (
    Check("blobs.store", Severity.ERROR, store),
    Check("blobs.writable", Severity.ERROR, writable),
    Check("blobs.space", Severity.ERROR, space),
)
