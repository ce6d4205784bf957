"""How much memory a job may use here: by the machine's memory, or its container's, and by how many jobs run at once."""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

MEBIBYTE = 1 << 20
FOR_JOBS = 0.75  # of the memory; the rest is for the worker itself, for servers beside it and for files being read
LEAST_MB = 256  # what a job may use on the smallest machine: a model of 9 MB takes 130 to 230
UNKNOWN = 4 << 30  # where the system does not tell how much there is


@dataclass(frozen=True, slots=True)
class Memory:
    """What there is for the processes of this machine or container, in bytes; `by`: what limits it."""

    bytes: int
    by: str  # "machine" | "cgroup" | "unknown"


def installed_memory(root: Path = Path("/")) -> Memory:
    """The machine's memory, or the limit of the control group (v1 or v2) of this process where that is lower."""
    found = [Memory(size, "cgroup") for size in _cgroup_limits(root)]
    if (total := _machine_bytes(root)) is not None:
        found.append(Memory(total, "machine"))
    return min(found, key=lambda one: one.bytes, default=Memory(UNKNOWN, "unknown"))


def default_job_memory_mb(slots: int, memory: Memory | None = None) -> int:
    """MiB that each of `slots` jobs at once may use. 16 GiB and 4 slots: 3,072; never less than LEAST_MB."""
    there = memory or installed_memory()
    return max(LEAST_MB, int(there.bytes * FOR_JOBS / max(1, slots)) // MEBIBYTE)


def default_slots() -> int:
    """How many jobs a worker runs at once where it is not told."""
    return os.cpu_count() or 1


def _machine_bytes(root: Path) -> int | None:
    with suppress(OSError, ValueError, IndexError):
        return int((root / "proc/meminfo").read_text().partition("MemTotal:")[2].split()[0]) * 1024
    return None


def _cgroup_limits(root: Path) -> Iterator[int]:
    """Of the process's own group and all above it, as far as they are seen from here; `max` is none."""
    with suppress(OSError):
        for line in (root / "proc/self/cgroup").read_text().splitlines():
            _, controllers, path = (*line.split(":", 2), "", "", "")[:3]
            if not controllers and path:
                yield from _numbers(root / "sys/fs/cgroup", path, "memory.max")
            elif "memory" in controllers.split(","):
                yield from _numbers(root / "sys/fs/cgroup/memory", path, "memory.limit_in_bytes")


def _numbers(mount: Path, path: str, name: str) -> Iterator[int]:
    group = PurePosixPath(path.lstrip("/"))
    for one in (group, *group.parents):  # in a container the mount may show only what is below its own group
        with suppress(OSError, ValueError):
            yield int((mount / one / name).read_text())
