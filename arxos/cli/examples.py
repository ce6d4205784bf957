"""Examples in `--help`: written as ``Example: arxos …`` in a command's docstring, shown in a section of their own."""

from collections.abc import Iterator, Sequence

from rich.markup import escape
from typer.core import TyperCommand, TyperGroup

MARK = "Example: "
Command = TyperCommand | TyperGroup


def commands(command: Command, path: Sequence[str] = ()) -> Iterator[tuple[tuple[str, ...], Command]]:
    """Every command and group with its place, such as ``("jobs", "list")``; the root's is empty."""
    yield tuple(path), command
    if isinstance(command, TyperGroup):
        for name, below in command.commands.items():
            yield from commands(below, (*path, name))  # type: ignore[arg-type]  # typer makes nothing else


def examples_of(command: Command) -> list[str]:
    """The command lines of its docstring, each perhaps with a comment."""
    lines = (line.strip() for line in (command.help or "").splitlines())
    return [line.removeprefix(MARK) for line in lines if line.startswith(MARK)]


def show_examples(root: Command) -> None:
    """Move examples out of the text of each command's help, and below its options."""
    for _, command in commands(root):
        examples = examples_of(command)
        if examples:
            kept = [line for line in (command.help or "").splitlines() if not line.strip().startswith(MARK)]
            command.help = "\n".join(kept).strip()
            command.epilog = "\n".join(["[bold]Examples[/]", *_lines(examples)])


def _lines(examples: Sequence[str]) -> Iterator[str]:
    """In colour, with the comments below each other."""
    parts = [example.partition("  # ") for example in examples]
    width = max((len(typed) for typed, sign, _ in parts if sign), default=0)
    for typed, sign, comment in parts:
        gap = " " * (width - len(typed)) if sign else ""
        yield f"[cyan]{escape(typed)}[/]{gap}[bright_black]{sign}{escape(comment)}[/]"
