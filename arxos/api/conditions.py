"""Conditional requests (RFC 9110 §13): entity tags of what callers have seen."""

import re
from collections.abc import Container
from hashlib import sha256
from typing import Annotated

from fastapi import Header

_VERSION = re.compile(r'(?:W/)?"v([0-9]{1,9})"')  # on the way, a tag may have been weakened by whoever compresses
_TAG = re.compile(r'(?:W/)?("[^"]*")')

IfMatch = Annotated[
    str | None,
    Header(description="the ETag of the version that is to be changed; without it, any version is", examples=['"v3"']),
]
IfNoneMatch = Annotated[
    str | None, Header(description="ETags of answers that the caller has; 304 where one still holds", examples=['"v3"'])
]


def version_tag(version: int) -> str:
    """``"v3"`` of version 3."""
    return f'"v{version}"'


def content_tag(content: bytes) -> str:
    """A tag of the content; weak, since it also stands for its compressed forms."""
    return f'W/"{sha256(content).hexdigest()[:32]}"'


def versions_seen(if_match: str | None) -> Container[int] | None:
    """The versions that a caller will have changed; None: any. Tags that are none of ours match nothing."""
    if if_match is None or if_match.strip() == "*":
        return None
    return {int(version) for version in _VERSION.findall(if_match)}


def has_seen(if_none_match: str | None, tag: str) -> bool:
    """Whether the caller has this answer already (weak comparison)."""
    if if_none_match is None:
        return False
    return if_none_match.strip() == "*" or tag.removeprefix("W/") in _TAG.findall(if_none_match)
