"""Text of strangers in markup."""

import re
from xml.sax.saxutils import escape

# What XML 1.0 cannot hold even escaped, and what reorders the text around it.
_UNFIT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\u202a-\u202e\u2066-\u2069]")


def safe(text: str, limit: int = 120) -> str:
    """Text for element content or a quoted attribute: one line, escaped, at most `limit` characters."""
    line = " ".join(_UNFIT.sub(" ", text).split())
    cut = line if len(line) <= limit else line[: limit - 1] + "…"
    return escape(cut, {'"': "&quot;", "'": "&apos;"})
