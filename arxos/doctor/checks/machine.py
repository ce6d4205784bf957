"""The machine that one is on: who runs here, and with which versions."""

from dataclasses import dataclass

from arxos.app.memory_limits import MEBIBYTE, Memory, default_job_memory_mb
from arxos.doctor.finding import Check, Remark, Severity, error, ok, skipped, warning

OLDEST_PYTHON = (3, 11)
NEWEST_PYTHON = (3, 14)  # what the tests run on
COMFORTABLE_MB = 1024  # a model of 100 MB takes about so much
SMALL = "more memory, or fewer jobs at once: worker --concurrency"
MUCH = "less, or fewer jobs at once: together they may use more than there is"


@dataclass(frozen=True, slots=True)
class Package:
    """A library as it is installed, and what is asked of its version."""

    name: str
    installed: str | None
    wanted: str
    fits: bool


@dataclass(frozen=True, slots=True)
class MachineFacts:
    """The process that looks. `packages`: the libraries that jobs depend on; empty where it is not known which."""

    root: bool
    python: tuple[int, int]
    packages: tuple[Package, ...]
    memory: Memory
    slots: int  # jobs at once, of a worker that is not told how many
    job_memory_mb: int | None  # as the settings have it


def root(facts: MachineFacts) -> list[Remark]:
    """Whether a job's mistake could do anything."""
    if facts.root:
        return warning("runs as root: files of strangers are read with all rights", "run it as a user of its own")
    return ok("does not run as root")


def python(facts: MachineFacts) -> list[Remark]:
    """Whether this Python is one that the tests run on."""
    name = ".".join(map(str, facts.python))
    if facts.python < OLDEST_PYTHON:
        return error(f"Python {name} is too old", "use Python 3.11 to 3.14")
    if facts.python > NEWEST_PYTHON:
        return warning(f"Python {name} is newer than what this version is tested on", "use Python 3.11 to 3.14")
    return ok(f"Python {name}")


def packages(facts: MachineFacts) -> list[Remark]:
    """Whether the libraries are those that this version was made for."""
    if not facts.packages:
        return skipped("arxos-workers is not installed as a package: what it asks for is not known")
    return [
        Remark(
            Severity.ERROR,
            f"{one.name} {one.installed or 'is missing'}; wanted is {one.wanted}",
            "install requirements/run.txt",
            one.name,
        )
        for one in facts.packages
        if not one.fits
    ] or ok(", ".join(f"{one.name} {one.installed}" for one in facts.packages))


def memory(facts: MachineFacts) -> list[Remark]:
    """Whether there is memory for the jobs that run at once."""
    there, default_mb = f"{facts.memory.bytes // MEBIBYTE:,} MiB ({facts.memory.by})", _default_mb(facts)
    if facts.job_memory_mb is None:
        seen = f"a job may use {default_mb:,} MiB: {there}, {facts.slots} jobs at once"
        return warning(seen, SMALL) if default_mb < COMFORTABLE_MB else ok(seen)
    seen = f"a job may use {facts.job_memory_mb:,} MiB, as ARXOS_JOB_MEMORY_MB says: {there}, {facts.slots} at once"
    return warning(seen, MUCH) if facts.job_memory_mb * facts.slots > facts.memory.bytes // MEBIBYTE else ok(seen)


def _default_mb(facts: MachineFacts) -> int:
    return default_job_memory_mb(facts.slots, facts.memory)


CHECKS: tuple[Check[MachineFacts], ...] = (
    Check("machine.root", Severity.WARNING, root),
    Check("machine.python", Severity.ERROR, python),
    Check("machine.packages", Severity.ERROR, packages),
    Check("machine.memory", Severity.WARNING, memory),
)
