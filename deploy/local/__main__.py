"""The commands of `./run`, each a function; what they need was set up before."""

import argparse
import json
import os
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn

from arxos.cli.broken_pipe import quiet_broken_pipe
from deploy.local import stack
from deploy.local.checkout import VENV, say
from deploy.local.checks import check
from deploy.local.commands import CommandError, run
from deploy.local.environment import OWNER, chosen_by_caller, read_running
from deploy.local.fresh import fresh
from deploy.local.supervision import LOGS
from deploy.local.trial import bench, guarantees, test


def up(arguments: Sequence[str]) -> None:
    """Start the stack."""
    _parser("up").parse_args(arguments)
    stack.up()
    environment = read_running()
    api, flower = environment["ARXOS_API_URL"], environment["ARXOS_FLOWER_URL"]
    say(f"the stack runs: the console at {api}/console, Flower at {flower}, the rest by ./run env")


def down(arguments: Sequence[str]) -> None:
    """Stop the stack."""
    _parser("down").parse_args(arguments)
    stack.down()


def status(arguments: Sequence[str]) -> None:
    """Print the stack's processes."""
    parser = _parser("status")
    parser.add_argument("--json", action="store_true")
    processes = stack.status()
    if parser.parse_args(arguments).json:
        rows = [{"name": process.name, "pid": process.pid, "state": process.state} for process in processes]
        print(json.dumps({"processes": rows}))
        return
    for process in processes:
        print(f"{process.name:12} {process.pid or '-':>8}  {process.state}")


def logs(arguments: Sequence[str]) -> None:
    """Print the end of the logs; with --follow, go on."""
    parser = _parser("logs")
    parser.add_argument("name", nargs="?")
    parser.add_argument("--follow", "-f", action="store_true")
    given = parser.parse_args(arguments)
    files = {file.stem: str(file) for file in sorted(LOGS.glob("*.log"))}
    if given.name and given.name not in files:
        raise CommandError(f"no logs of {given.name!r}: there are {', '.join(files) or 'none yet'}")
    if files:
        chosen = [files[given.name]] if given.name else list(files.values())
        _become(["tail", "-n", "200", *(["-F"] if given.follow else []), *chosen], {})


def env(arguments: Sequence[str]) -> None:
    """Print the stack's addresses and an admin token as lines for a shell."""
    _parser("env").parse_args(arguments)
    if not stack.is_up():
        raise CommandError("the stack does not run: ./run up")
    running = read_running()
    admin = [str(VENV / "bin" / "arxos"), "token", "--subject", "local-admin", "--role", "admin", "--expires", "43200"]
    for name, value in sorted((running | {"ARXOS_ADMIN_TOKEN": run(admin, running)}).items()):
        print(f"export {name}={shlex.quote(value)}")


def arxos(arguments: Sequence[str]) -> NoReturn:
    """The CLI, in the environment of the stack that runs or ran last; what the caller set goes before it."""
    variables = read_running() | chosen_by_caller()
    if arguments[:1] != ["migrate"]:  # nothing else has to do with the schema's owner
        variables.pop(OWNER, None)
    _become([str(VENV / "bin" / "arxos"), *arguments], variables)


def demo(arguments: Sequence[str]) -> NoReturn:
    """Take a model through the stack, which is started first."""
    stack.up()
    _become([str(VENV / "bin" / "arxos"), "demo", *arguments], read_running())


COMMANDS: Mapping[str, Callable[[Sequence[str]], None]] = {
    "up": up,
    "down": down,
    "status": status,
    "logs": logs,
    "env": env,
    "arxos": arxos,
    "demo": demo,
    "test": test,
    "check": check,
    "bench": bench,
    "guarantees": guarantees,
    "fresh": fresh,
}


def main() -> None:
    """Do one command; what goes wrong is said in one line."""
    with quiet_broken_pipe():
        _do(*sys.argv[1:])


def _do(name: str, *arguments: str) -> None:
    try:
        COMMANDS[name](arguments)
    except BrokenPipeError:
        raise
    except (CommandError, OSError) as error:
        sys.exit(f"run: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


def _parser(command: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(prog=f"./run {command}", allow_abbrev=False)


def _become(command: list[str], variables: Mapping[str, str]) -> NoReturn:
    os.execvpe(command[0], command, {**os.environ, **variables})  # noqa: S606 - no shell, by intent


if __name__ == "__main__":
    main()
