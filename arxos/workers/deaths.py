"""Why an attempt was lost, in words: from what the pool tells of a process that died."""

import re
import signal

COULD_NOT_SETTLE = 75  # a child's exit code: its end is what the parent sees and reports


def reason_of(error: BaseException) -> str:
    """What a message's task ended with: ``its process was killed by signal 11 (SIGSEGV)``."""
    told = re.search(r"(signal|exitcode) (\d+)", str(error))
    if told is None:
        return str(error) or type(error).__name__
    number = int(told[2])
    if told[1] == "signal":
        return f"its process was killed by signal {number}{_name(number)}"
    if number == COULD_NOT_SETTLE:
        return "its process ended because it could not record the outcome"
    return f"its process ended by itself with exit code {number}"


def _name(number: int) -> str:
    try:
        name = signal.Signals(number).name
    except ValueError:  # a real-time signal
        return ""
    return f" ({name})" + (", probably out of memory" if number == signal.SIGKILL else "")
