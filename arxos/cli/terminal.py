"""The one way to the terminal: what is printed passes here, and no text of others is obeyed by it."""

import sys
from collections.abc import Iterable
from typing import Any, TextIO, cast

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from arxos.domain.visible_text import visible


class VisibleStream:
    """Standard output or error for `print` and for tracebacks: see `visible`. `stream`: what is below it."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        return self.stream.write(visible(text, lines=True))

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


class VisibleConsole(Console):
    """Rich's console: its own styles and cursor movements pass, what they are in the text of a table does not."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=visible(segment.text, lines=True))


def protect_terminal() -> None:
    """Let everything that this process prints pass through `visible`."""
    sys.stdout = cast("TextIO", VisibleStream(below(sys.stdout)))
    sys.stderr = cast("TextIO", VisibleStream(below(sys.stderr)))


def below(stream: TextIO) -> TextIO:
    """The stream that obeys escapes: for what we colour ourselves."""
    return stream.stream if isinstance(stream, VisibleStream) else stream


def console(*, stderr: bool = False, **options: Any) -> Console:
    """A console on standard output or error."""
    return VisibleConsole(file=below(sys.stderr if stderr else sys.stdout), **options)
