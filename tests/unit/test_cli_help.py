"""`--help`: every command says what it does, explains its options and gives an example that works."""

import shlex
from pathlib import Path
from typing import Any

import pytest
from typer.core import TyperGroup

from arxos import __version__
from arxos.cli.examples import commands, examples_of, show_examples
from arxos.cli.main import command_line

JOB = "01997c21-3f8a-7e1b-9c55-0f5d2c3b4a69"
EVERY = [(" ".join(("arxos", *path)), command) for path, command in commands(command_line())]
LEAVES = [(name, command) for name, command in EVERY if not isinstance(command, TyperGroup)]


@pytest.mark.parametrize(("name", "command"), EVERY, ids=[name for name, _ in EVERY])
def test_every_command_says_in_one_sentence_what_it_does(name: str, command: Any) -> None:
    summary = (command.help or "").split("\n\n", maxsplit=1)[0]
    assert summary.rstrip().endswith("."), f"{name}: a sentence, first in its docstring"
    assert "\n" not in summary.strip(), f"{name}: on one line"


@pytest.mark.parametrize(("name", "command"), EVERY, ids=[name for name, _ in EVERY])
def test_every_option_is_explained(name: str, command: Any) -> None:
    bare = [parameter.name for parameter in command.params if not parameter.help]
    assert not bare, f"{name}: help=… is missing"


@pytest.mark.parametrize(("name", "command"), LEAVES, ids=[name for name, _ in LEAVES])
def test_every_command_gives_an_example(name: str, command: Any) -> None:
    examples = examples_of(command)
    assert examples, f"{name}: a line `Example: {name} …` is missing in its docstring"
    assert all(f"{example} ".startswith(f"{name} ") for example in examples)


EXAMPLES = [example for _, command in EVERY for example in examples_of(command)]


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_accepted(example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    program, *words = shlex.split(example, comments=True)
    assert program == "arxos"
    for word in words:
        if Path(word).suffix in {".ifc", ".ids", ".json", ".jsonl"}:
            Path(word.lstrip("@")).touch()
    accepted(command_line(), [JOB if word in {"JOB", "ACT", "AUDIT", "BUILDING"} else word for word in words], None)


def accepted(command: Any, words: list[str], parent: Any) -> None:
    """Parse as the command line does, without running anything. Raises what it would be refused with."""
    context = command.make_context(command.name, words, parent=parent)
    if isinstance(command, TyperGroup) and (rest := [*context._protected_args, *context.args]):
        _, below, left = command.resolve_command(context, rest)
        accepted(below, left, context)


def test_examples_stand_in_a_section_of_their_own() -> None:
    root = command_line()
    show_examples(root)
    for name, command in commands(root):
        assert "Example:" not in (command.help or ""), name
    assert isinstance(root, TyperGroup)
    submit = root.commands["submit"]
    assert submit.epilog is not None
    assert submit.epilog.startswith("[bold]Examples[/]\n[cyan]arxos submit building.validate")


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line()(["--version"], standalone_mode=False) == 0
    assert capsys.readouterr().out.startswith(f"arxos {__version__}, Python 3.")
