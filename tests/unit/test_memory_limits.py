"""What a job may use by default: from the memory of the machine or its container, and the number of jobs at once."""

from pathlib import Path

import pytest

from arxos.app.memory_limits import LEAST_MB, Memory, default_job_memory_mb, installed_memory

GIB = 1 << 30
UNLIMITED_V1 = "9223372036854771712"
V1 = "9:name=systemd:/\n4:memory:/docker/abc\n0::/\n"


def machine(root: Path, cgroup: str, **limits: str) -> Path:
    """Files as the kernel shows them: 16 GiB, the process's groups, and limits by path."""
    files = {"proc/meminfo": f"MemTotal:       {16 << 20} kB\nMemFree: 5 kB\n", "proc/self/cgroup": cgroup, **limits}
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root


@pytest.mark.parametrize(
    ("cgroup", "limits", "expected"),
    [
        ("0::/\n", {}, Memory(16 * GIB, "machine")),
        ("0::/\n", {"sys/fs/cgroup/memory.max": "max\n"}, Memory(16 * GIB, "machine")),
        ("0::/\n", {"sys/fs/cgroup/memory.max": f"{2 * GIB}\n"}, Memory(2 * GIB, "cgroup")),
        ("0::/a/b\n", {"sys/fs/cgroup/a/memory.max": f"{3 * GIB}"}, Memory(3 * GIB, "cgroup")),
        (
            "0::/a/b\n",
            {"sys/fs/cgroup/a/memory.max": f"{3 * GIB}", "sys/fs/cgroup/a/b/memory.max": f"{GIB}"},
            Memory(GIB, "cgroup"),
        ),
        (V1, {"sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes": f"{GIB}"}, Memory(GIB, "cgroup")),
        (V1, {"sys/fs/cgroup/memory/memory.limit_in_bytes": f"{GIB}"}, Memory(GIB, "cgroup")),
        (V1, {"sys/fs/cgroup/memory/memory.limit_in_bytes": UNLIMITED_V1}, Memory(16 * GIB, "machine")),
        ("rubbish", {}, Memory(16 * GIB, "machine")),
    ],
    ids=["no group", "v2 max", "v2", "v2 above", "v2 both", "v1", "v1 in a container", "v1 unlimited", "unreadable"],
)
def test_the_lowest_limit_counts(tmp_path: Path, cgroup: str, limits: dict[str, str], expected: Memory) -> None:
    assert installed_memory(machine(tmp_path, cgroup, **limits)) == expected


def test_a_system_that_tells_nothing_is_taken_for_a_small_one(tmp_path: Path) -> None:
    assert installed_memory(tmp_path) == Memory(4 * GIB, "unknown")


@pytest.mark.parametrize(
    ("gib", "slots", "mb"), [(16, 4, 3072), (16, 1, 12_288), (1, 2, 384), (1, 64, LEAST_MB), (256, 8, 24_576)]
)
def test_jobs_at_once_share_three_quarters(gib: int, slots: int, mb: int) -> None:
    assert default_job_memory_mb(slots, Memory(gib * GIB, "machine")) == mb


def test_this_machine_has_memory_for_its_default() -> None:
    memory = installed_memory()
    assert memory.by in ("machine", "cgroup")
    assert default_job_memory_mb(2) * 2 << 20 < max(memory.bytes, 2 * LEAST_MB << 20 + 1)
