"""Which paths are of a special sort, before any route is found."""

import re

_UPLOAD = re.compile(r"/api/buildings/[^/]+/model")


def is_upload(path: str) -> bool:
    """Whether a model's bytes are sent there: they stream, and have a limit of their own."""
    return _UPLOAD.fullmatch(path) is not None
