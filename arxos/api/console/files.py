"""The console's own files: styles and scripts, under addresses that change with their content."""

from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

HERE = Path(__file__).parent / "static"
TYPES = {"console.css": "text/css", "console.js": "text/javascript", "htmx.min.js": "text/javascript"}


@cache
def content(name: str) -> bytes:
    """A file's bytes."""
    if name == "htmx.min.js":
        return (files("js_lib_htmx") / "static" / "htmx" / name).read_bytes()
    return (HERE / name).read_bytes()


@cache
def address(name: str) -> str:
    """Where a file is served."""
    return f"/console/static/{sha256(content(name)).hexdigest()[:12]}/{name}"
