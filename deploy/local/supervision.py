"""Runs the stack's processes under supervisord, and talks to it."""

import hashlib
import os
import shlex
import subprocess
import xmlrpc.client
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from deploy.local.checkout import LOCAL, ROOT, VENV
from deploy.local.commands import CommandError, cpu_ticks, wait_until
from deploy.local.environment import PORTS
from deploy.local.orphans import MARKER, is_alive
from deploy.local.ports import keep_ports
from deploy.local.private_files import keep_secret, write_private
from deploy.local.processes import Process

CONFIG = LOCAL / "supervisord.conf"
LOGS = LOCAL / "logs"
_ENDED = frozenset({"STOPPED", "EXITED", "FATAL"})


@dataclass(frozen=True, slots=True)
class Program:
    """One program of supervisord's: what to run, with which variables, and how to end it."""

    name: str
    command: tuple[str, ...]
    variables: Mapping[str, str]
    starts_itself: bool = False  # the servers do; the rest waits until the database is migrated
    stop_signal: str = "TERM"
    stop_within_s: int = 30


def program_of(process: Process, variables: Mapping[str, str]) -> Program:
    """How supervisord runs a process of the system."""
    program, *arguments = process.command
    command = (str(VENV / "bin" / program), *arguments)
    # Changes with the code: so `up` restarts what runs old code, and nothing else.
    version = {"STACK_CODE": _code_fingerprint()}
    return Program(process.name, command, {**variables, **version}, stop_within_s=process.stop_within_s)


def render(programs: Iterable[Program]) -> str:
    """The configuration of supervisord."""
    return "\n".join([_supervisord(), *map(_section, programs)])


def write_config(text: str) -> None:
    """Put the configuration where supervisord reads it: passwords are in it, so only its owner may."""
    write_private(CONFIG, text)


def keep_logs_private() -> None:
    """Make the folder of logs; close those to other users that a version of ours has left open."""
    LOGS.mkdir(mode=0o700, exist_ok=True)
    LOGS.chmod(0o700)
    for log in LOGS.iterdir():
        log.chmod(0o600)


class Supervisor:
    """The running supervisord, reached at a loopback port with a password of its own."""

    def __init__(self) -> None:
        port, password = _port(), keep_secret(LOCAL / "supervisor.password")
        self._calls: Any = xmlrpc.client.ServerProxy(f"http://arxos:{password}@127.0.0.1:{port}/RPC2").supervisor

    def pid(self) -> int | None:
        """Its pid; None where it does not run."""
        try:
            return int(self._calls.getPID())
        except (OSError, xmlrpc.client.Error):
            return None

    def launch(self) -> None:
        """Start supervisord in the background; the programs that start themselves start with it."""
        command = [str(VENV / "bin" / "python"), "-m", "supervisor.supervisord", "-c", str(CONFIG)]
        # Programs inherit what it has: of the caller's variables none, but each its own from the configuration.
        marked = {name: value for name, value in os.environ.items() if not name.startswith("ARXOS_")}
        marked[MARKER] = str(LOCAL)
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", env=marked, umask=0o077)
        if done.returncode != 0:
            raise CommandError(f"supervisord did not start: {done.stderr.strip() or done.stdout.strip()}")
        wait_until(lambda: self.pid() is not None, what="the start of supervisord")

    def reread(self) -> None:
        """Take up a changed configuration: end what is gone or different; the new is there to be started."""
        [[added, changed, removed]] = self._calls.reloadConfig()
        self.stop([*changed, *removed])
        for name in [*changed, *removed]:
            self._calls.removeProcessGroup(name)
        for name in [*added, *changed]:
            self._calls.addProcessGroup(name)

    def start(self, names: Iterable[str]) -> None:
        """Start those that do not run."""
        states = self.states()
        for name in names:
            if states[name][0] in _ENDED:
                self._calls.startProcess(name, False)

    def stop(self, names: Iterable[str]) -> None:
        """End all of these at once and wait for the last; supervisord kills what takes too long."""
        running = [name for name in names if self.states()[name][0] not in _ENDED]
        for name in running:
            self._calls.stopProcess(name, False)
        ended = lambda: all(self.states()[name][0] in _ENDED for name in running)  # noqa: E731 - reads as a sentence
        wait_until(ended, what=f"the end of {', '.join(running)}", timeout_s=90)

    def states(self) -> dict[str, tuple[str, int | None]]:
        """Each program's state in supervisord's words, and its pid while it has one."""
        return {info["name"]: (info["statename"], info["pid"] or None) for info in self._calls.getAllProcessInfo()}

    def cpu_ticks(self, name: str) -> int:
        """The CPU time that a program's processes have used: supervisord gives each program a process group."""
        return cpu_ticks(self.states()[name][1])

    def shut_down(self) -> None:
        """End every program and then supervisord itself."""
        pid = int(self._calls.getPID())
        self._calls.shutdown()
        wait_until(lambda: not is_alive(pid), what="the end of supervisord", timeout_s=90)


def _port() -> int:
    return keep_ports(LOCAL / "ports.json", PORTS)["supervisor"]


def _supervisord() -> str:
    user = "user = root\n" if os.geteuid() == 0 else ""  # said explicitly, or it warns at every start
    password = keep_secret(LOCAL / "supervisor.password")
    return f"""\
[supervisord]
logfile = {_literal(LOGS / "supervisord.log")}
pidfile = {_literal(LOCAL / "supervisord.pid")}
identifier = arxos
umask = 077
{user}
[inet_http_server]
port = 127.0.0.1:{_port()}
username = arxos
password = {password}

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
"""


def _section(program: Program) -> str:
    # A port instead of a socket file, whose path is limited to 107 bytes. TERM goes to a worker alone, which then ends
    # its children in order; KILL goes to the whole group. Retries without end: nobody should have to start anything.
    variables = ",".join(f'{name}="{_literal(value)}"' for name, value in sorted(program.variables.items()))
    return f"""\
[program:{program.name}]
command = {_literal(shlex.join(program.command))}
directory = /
environment = {variables}
autostart = {program.starts_itself}
autorestart = true
startsecs = 1
startretries = 1000000
stopsignal = {program.stop_signal}
stopwaitsecs = {program.stop_within_s}
stopasgroup = false
killasgroup = true
redirect_stderr = true
stdout_logfile = {_literal(LOGS / f"{program.name}.log")}
stdout_logfile_maxbytes = 20MB
stdout_logfile_backups = 2
"""


def _literal(value: object) -> str:
    """For supervisord, % begins a reference, and nothing can escape a quote."""
    text = str(value)
    if '"' in text or "\n" in text:
        raise CommandError(f"supervisord cannot take a value with quotes or line breaks: {text!r}")
    return text.replace("%", "%%")


def _code_fingerprint() -> str:
    digest = hashlib.sha256((ROOT / "requirements" / "run.txt").read_bytes())
    for file in sorted((ROOT / "arxos").rglob("*.py")):
        stat = file.stat()
        digest.update(f"{file}:{stat.st_mtime_ns}:{stat.st_size}\n".encode())
    return digest.hexdigest()
