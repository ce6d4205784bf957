"""What supervisord is told."""

import configparser
import shlex

import pytest

from deploy.local.checkout import VENV
from deploy.local.commands import CommandError
from deploy.local.processes import PROCESSES, Process
from deploy.local.supervision import Program, _section, program_of


def _parsed(program: Program) -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(_section(program))
    return parser[f"program:{program.name}"]


def test_what_dies_is_started_again() -> None:
    assert _parsed(Program("relay", ("relay",), {}))["autorestart"] == "true"


def test_a_command_survives_its_spaces() -> None:
    section = _parsed(Program("relay", ("/a folder/relay", "two words"), {}))
    assert shlex.split(section["command"]) == ["/a folder/relay", "two words"]


def test_percent_signs_are_not_references() -> None:
    section = _parsed(Program("relay", ("relay",), {"URL": "redis://:p%40ss@host"}))
    assert section["environment"] == 'URL="redis://:p%%40ss@host"'


def test_a_value_that_supervisord_cannot_take_is_refused() -> None:
    with pytest.raises(CommandError, match="quotes or line breaks"):
        _section(Program("relay", ("relay",), {"NAME": 'a "quoted" value'}))


@pytest.mark.parametrize("process", PROCESSES, ids=lambda process: process.name)
def test_a_process_of_the_table_runs_out_of_the_virtual_environment(process: Process) -> None:
    program = program_of(process, {"ARXOS_LOG_FORMAT": "json"})
    assert program.command[0] == str(VENV / "bin" / "arxos")
    assert program.command[1:] == process.command[1:]
    assert program.variables["ARXOS_LOG_FORMAT"] == "json"


def test_a_worker_is_killed_only_after_its_drain_time() -> None:
    assert all(process.stop_within_s > 25 for process in PROCESSES if process.name.startswith("worker"))
