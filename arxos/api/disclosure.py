"""What may be told to anybody: no path of this server's, no address behind it. The one place that takes them out."""

import re

# Ours are the paths of the interface itself; a path in a web address belongs to that address.
_PATH = re.compile(r"(?<![\w.:/~-])/(?!(?:api|console|health|metrics)\b)(?:[\w.@+~ -]*[\w.@+~-]/)+([\w.@+~-]+)")
_ADDRESS = re.compile(r"\b(?:postgres(?:ql)?|rediss?|sentinel|amqps?|file|s3)://[^\s'\"]+")


def public(text: str) -> str:
    """The text with `…/name` for paths, and `…` for addresses of servers."""
    if "/" not in text:
        return text
    return _PATH.sub(r"…/\1", _ADDRESS.sub("…", text))


def public_failure(text: str) -> str:
    """What is told of a failure of ours: what failed, but not why; that is in the logs, under the request's id."""
    return public(text.partition(": ")[0])
