"""The machine that one is on: who runs here, and with which versions."""

from dataclasses import dataclass

from arxos.doctor.finding import Check, Remark, Severity, error, ok, skipped, warning

OLDEST_PYTHON = (3, 11)
NEWEST_PYTHON = (3, 14)  # what the tests run on


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


CHECKS: tuple[Check[MachineFacts], ...] = (
    Check("machine.root", Severity.WARNING, root),
    Check("machine.python", Severity.ERROR, python),
    Check("machine.packages", Severity.ERROR, packages),
)
