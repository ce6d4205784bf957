"""The names that options take: completed by the shell, without a database, and told to whoever names another."""

from collections.abc import Mapping
from typing import Any

from arxos.app.settings import read_settings
from arxos.cli.output import print_remark
from arxos.domain.errors import InvalidError
from arxos.tasks.kind import JobKind
from arxos.tasks.queues import POOL_OF
from arxos.tasks.registry import all_kinds


def kinds() -> list[tuple[str, str]]:
    """The job kinds with what they do, for the shell's completion."""
    return [(kind.name, kind.title) for kind in _known().values()]


def queues() -> list[tuple[str, str]]:
    """The queues with their pools, for the shell's completion."""
    return [(name, f"pool {pool}") for name, pool in POOL_OF.items()]


def kinds_and_queues() -> list[tuple[str, str]]:
    """What a limit may be on, for the shell's completion."""
    return [*kinds(), *queues()]


def kinds_in_words() -> str:
    """What is said to whoever names a kind that there is not."""
    return f"there are {', '.join(_known())}"


def remark_on_unknown(kind: str | None, queue: str | None) -> None:
    """Say on stderr that a filter which found nothing names what is not known here.

    No refusal: the ledger may hold jobs of a kind that only another version knows.
    """
    if kind is not None and kind not in _known():
        print_remark(f"no job kind {kind!r} is known here; {kinds_in_words()}")
    if queue is not None and queue not in POOL_OF:
        print_remark(f"no queue {queue!r} is known here; there are {', '.join(sorted(POOL_OF))}")


def _known() -> Mapping[str, JobKind[Any]]:
    try:
        probes = read_settings().probes
    except InvalidError:  # another command says so; the names are the same
        probes = False
    return all_kinds(probes=probes)
