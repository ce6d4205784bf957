"""A call of foreign or hostile work in a child of its own, bounded in time and memory, and what it returned."""

import faulthandler
import gc
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from arxos.domain.errors import ArxosError
from arxos.formats.ifc.isolation import ChildEndedError, IsolatedWork, Send

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CallLimits:
    """What one call may take; `memory_mb`: MiB beside what its parent uses already."""

    seconds: float
    memory_mb: int


class CutShortError(Exception):
    """The call came to no end: it took too long or too much memory, or its process died. The message says which."""


def isolated_call(work: Callable[[], T], limits: CallLimits) -> T:
    """What `work` returns; it must be picklable. Raises ArxosError as `work` does, and CutShortError.

    The child sees the parent's objects as they are now, and changes none of them.
    """
    with IsolatedWork(_answering(work, limits), memory_mb=limits.memory_mb) as child:
        try:
            packet = child.receive(limits.seconds)
        except ChildEndedError as ended:
            raise CutShortError(f"its process {'was ' if 'killed' in str(ended) else ''}{ended}") from ended
    if packet is None:
        raise CutShortError(f"it took longer than {limits.seconds:g} s")
    # From our own child, which pickled what it made itself.
    error, answer = cast("tuple[Exception | None, Any]", pickle.loads(packet))  # noqa: S301
    if error is not None:
        raise error
    return cast("T", answer)


def _answering(work: Callable[[], T], limits: CallLimits) -> Callable[[Send], None]:
    def answer(send: Send) -> None:
        faulthandler.disable()  # a crash is told in the report
        gc.freeze()  # what the parent has open is not to be closed here; what the call leaves behind may be collected
        gc.enable()
        try:
            told: tuple[Exception | None, Any] = None, work()
        except ArxosError as error:
            told = error, None
        except MemoryError:
            told = CutShortError(f"it needed more than {limits.memory_mb:,} MiB of memory"), None
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told by the parent, not on this terminal
            told = CutShortError(f"it crashed: {type(error).__name__}: {str(error)[:200]}"), None
        send(pickle.dumps(told))

    return answer
