"""What is the matter with the broker, in words for whoever has to repair it. Never an address's password."""

from collections.abc import Iterator, Mapping

import redis
from kombu.exceptions import KombuError
from kombu.exceptions import OperationalError as BrokerError

BROKER_ERRORS = (BrokerError, KombuError, redis.RedisError, OSError)
REFUSED_CREDENTIALS = frozenset({"WRONGPASS", "NOAUTH", "ERR"})  # ERR: a password for a server that has none

# The first word of Redis's answer → what it means here.
WORDS: Mapping[str, str] = {
    "OOM": "the broker is full (OOM): give it more maxmemory, or find what fills it",
    "READONLY": "the broker is a read-only replica (READONLY): the address does not lead to the primary",
    "LOADING": "the broker loads its data (LOADING) and will answer when it has",
    "MISCONF": "the broker cannot save to its disk and refuses writes (MISCONF)",
    "NOREPLICAS": "the broker has too few replicas and refuses writes (NOREPLICAS)",
    "MASTERDOWN": "the broker is a replica that lost its primary (MASTERDOWN)",
    "BUSY": "the broker is busy with somebody's script (BUSY)",
    "WRONGPASS": "the broker refuses the name or password of ARXOS_BROKER_URL (WRONGPASS)",
    "NOAUTH": "the broker wants a password, and ARXOS_BROKER_URL has none (NOAUTH)",
}


def words_for(error: BaseException) -> str:
    """One line on the innermost cause that is known."""
    causes: list[BaseException] = [cause for cause in _causes(error) if isinstance(cause, BROKER_ERRORS)] or [error]
    for cause in reversed(causes):
        if (code := code_of(cause)) in WORDS:
            return WORDS[code]
        if code == "NOPERM":
            return f"the broker does not permit this user what is needed (NOPERM): {_line(cause)}"
        if isinstance(cause, redis.AuthenticationError):
            return f"the broker refuses the name or password of ARXOS_BROKER_URL: {_line(cause)}"
    last = causes[-1]
    if any(isinstance(cause, redis.TimeoutError | TimeoutError) for cause in causes):
        return "the broker does not answer in time"
    if isinstance(last, OSError | redis.ConnectionError):
        return f"the broker cannot be reached: {_line(last)}"
    return f"the broker does not do as asked: {type(last).__name__}: {_line(last)}"


def code_of(error: BaseException) -> str:
    """The first word of Redis's own answer, such as ``OOM``; empty where the error is none of Redis's answers."""
    code = getattr(error, "status_code", None)
    if code is None and isinstance(error, redis.ResponseError):
        code = str(error).partition(" ")[0]
    return code if isinstance(code, str) and code.isupper() else ""


def refuses_credentials(error: BaseException) -> bool:
    """Whether Redis knows neither our name nor our password: waiting will not change that."""
    return any(
        isinstance(cause, redis.AuthenticationError) and code_of(cause) in REFUSED_CREDENTIALS
        for cause in _causes(error)
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it came from, outermost first."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__


def _line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]
