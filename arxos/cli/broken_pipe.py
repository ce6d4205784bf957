"""A reader that goes away before the end, as `head` does, is no failure."""

import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO


@contextmanager
def quiet_broken_pipe() -> Iterator[None]:
    """Leave with exit code 0 and without a word where what is printed has no reader any more; else as the body does.

    To be put around all that a program does: Python flushes its streams once more when it ends, and nothing can catch
    what it says if that fails.
    """
    try:
        yield
    except BrokenPipeError:
        if _let_go():
            sys.exit(0)
        raise  # it was another pipe that broke
    except SystemExit as leaving:
        if isinstance(leaving.__context__, BrokenPipeError):  # typer and rich make an exit of it, with code 1
            sys.exit(0)
        raise
    finally:
        _let_go()


def _let_go() -> bool:
    """Whether the reader of what is printed is gone: then the rest goes nowhere."""
    gone = [stream for stream in (sys.__stdout__, sys.__stderr__) if stream and _is_unread(stream)]
    for stream in gone:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    return bool(gone)


def _is_unread(stream: TextIO) -> bool:
    try:
        with suppress(BrokenPipeError):
            stream.flush()
        poll = select.poll()
        poll.register(stream, 0)  # errors are told unasked
        return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))
    except (OSError, ValueError):  # a full disk is for Python to tell of; closed by intent
        return False
