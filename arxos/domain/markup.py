"""Text of strangers in markup."""

from xml.sax.saxutils import escape

from arxos.domain.visible_text import visible


def safe(text: str, limit: int = 120) -> str:
    """Text for element content or a quoted attribute: one line, escaped, at most `limit` characters.

    What XML 1.0 cannot hold even escaped is written out by its code, as everything is that reorders or hides.
    """
    line = " ".join(visible(text).split())
    cut = line if len(line) <= limit else line[: limit - 1] + "…"
    return escape(cut, {'"': "&quot;", "'": "&apos;"})
