"""Tracebacks for log and ledger: whatever an error carries, they are short and can be written."""

from traceback import TracebackException

from arxos.domain.jobs.outcome import text_within

FRAMES = 30  # the innermost ones
LINE_LIMIT = 1_000
LIMIT = 8_000


def traceback_of(error: BaseException) -> str:
    """The last frames of an error and of its causes, the error itself last; long lines and long chains are cut."""
    told = TracebackException.from_exception(error, limit=-FRAMES, compact=True)
    parts = [text_within(LINE_LIMIT, part.rstrip("\n")) for part in told.format()]
    text = "\n".join(parts)
    return text if len(text) <= LIMIT else f"…{text[-LIMIT:]}"
