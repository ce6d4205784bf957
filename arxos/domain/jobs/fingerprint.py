"""Fingerprints of errors: alike for those of the same type, place and wording, whatever numbers and names they hold."""

import hashlib
import re
from collections.abc import Iterator
from types import FrameType

WORDS_LIMIT = 500  # characters of the normalised message that count: what follows is mostly data
DIGITS = 12

# All of a number or nothing: what could be given back would be followed by more of it.
NUMBER = r"(?<![^\W\d])\d+(?!\d)(?:[.,]\d+(?!\d))*(?![.,]\d)(?:[eE][-+]?\d+)?"
HEX = r"(?<!\w)(?:[0-9a-f]{8,}|[0-9A-F]{8,})(?!\w)"
# In this order. Each begins only where a word does, or looks no further than the next mark of its kind, so that none
# takes longer than the message is long, whoever wrote it. A digit that follows a letter belongs to a name: IFC4.
# Ids and numbers are told alike, since an id may happen to look like one.
RULES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("<text>", re.compile(r"(?<!\w)'[^']*(?:'(?!\w)|\Z)|\"[^\"]*(?:\"|\Z)|`[^`]*(?:`|\Z)")),
    ("<url>", re.compile(r"(?<![a-zA-Z0-9+.-])[a-zA-Z][a-zA-Z0-9+.-]*://\S+")),
    ("<path>", re.compile(r"(?<![\w.~/>])(?:~|\.{1,2})?/[^\s'\",:;()]+|(?<!\w)[A-Za-z]:\\[^\s'\",:;()]+")),
    ("<n>", re.compile(r"(?<!\w)[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}(?!\w)")),
    # An IFC global id: 22 digits of a base of 64, the first worth two bits.
    ("<n>", re.compile(r"(?<![\w$])(?=[0-9]*[A-Za-z_$])[0-3][0-9A-Za-z_$]{21}(?![\w$])")),
    ("<time>", re.compile(r"(?<!\w)\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?(?!\w)")),
    ("<time>", re.compile(r"(?<!\w)\d\d:\d\d:\d\d(?:\.\d+)?(?!\w)")),
    ("<n>", re.compile(rf"(?:(?<![\w)])[-+])?(?:(?<!\w)0[xX][0-9a-fA-F]+|{NUMBER}(?!\w)|{HEX}|{NUMBER})")),
)
# Lists of whatever length: `1, 2 and 3`.
LIST = re.compile(r"(<(?:text|url|path|time|n)>)(?:(?:[\s,;/|]|and|or)+\1)+")


def fingerprint(error_type: str, place: str | None, message: str) -> str:
    """12 hexadecimal digits of a hash of type, place and normalised message."""
    told = "\0".join((error_type, place or "", normalised(message)))
    return hashlib.sha256(told.encode("utf-8", "backslashreplace")).hexdigest()[:DIGITS]


def lost_fingerprint(reason: str) -> str:
    """Of jobs whose worker died for this reason."""
    return fingerprint("WorkerLostError", None, reason)


def poison_fingerprint(reason: str) -> str:
    """Of jobs that killed their worker once too often, the last time for this reason: however often that was."""
    return fingerprint(
        "PoisonError", None, f"poison: 3 attempts ended with the death of their worker; the last: {reason}"
    )


def normalised(message: str) -> str:
    """The message without what differs from one job to the next.

    ``floor 3 of '0vQ' has 1,204 walls, 7 with no height`` becomes ``floor <n> of <text> has <n> walls, <n> with no
    height``; ids, times, paths, addresses and hexadecimal numbers are replaced, too, and lists count as one.
    """
    for placeholder, pattern in RULES:
        message = pattern.sub(placeholder, message)
    return " ".join(LIST.sub(r"\1", message).split())[:WORDS_LIMIT]


def place_of(error: BaseException) -> str | None:
    """Where it was raised, as ``module:function``; None for an error that was never raised.

    The innermost function of ours, which says more than where in a library it was; the workers' own do not count,
    since they are below every job. No line number: it would change with the next edit above it.
    """
    frames = list(_frames(error))
    ours = [frame for frame in frames if _module(frame).startswith("arxos.")]
    bodies = [frame for frame in ours if not _module(frame).startswith("arxos.workers.")]
    innermost = next(iter((bodies or frames)[-1:]), None)
    return f"{_module(innermost)}:{innermost.f_code.co_qualname}" if innermost else None


def _frames(error: BaseException) -> Iterator[FrameType]:
    trace = error.__traceback__
    while trace is not None:
        yield trace.tb_frame
        trace = trace.tb_next


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "?"))
