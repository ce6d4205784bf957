"""The local stack: up, down, status."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from deploy.local.checkout import LOCAL, ROOT, VENV, only_one, say
from deploy.local.commands import CommandError, run, wait_until
from deploy.local.environment import PORTS, StackEnvironment, choose_environment, remember_running
from deploy.local.orphans import end_orphans
from deploy.local.ports import replace_taken_ports
from deploy.local.private_files import write_private
from deploy.local.processes import PROCESSES, Process
from deploy.local.supervision import LOGS, Program, Supervisor, keep_logs_private, program_of, render, write_config

_LAST_UP = LOCAL / "last-up.conf"
NAMES = tuple(process.name for process in PROCESSES)


@dataclass(frozen=True, slots=True)
class ProcessStatus:
    """One line of `./run status`. `state` in supervisord's words: running, starting, backoff, stopped and so on."""

    name: str
    pid: int | None
    state: str


def up() -> None:
    """Start what does not run, and restart what runs with other code or another environment. Safe to repeat."""
    with only_one("stack"):
        keep_logs_private()
        supervisor = Supervisor()
        fresh = supervisor.pid() is None
        if fresh:
            end_orphans()
            replace_taken_ports(LOCAL / "ports.json", PORTS)
        environment = choose_environment(while_running=not fresh)
        config = render(_programs(environment))
        if not fresh and _runs_as(config, supervisor):
            return
        _start(environment, config, fresh=fresh)
        remember_running({**environment.variables, **environment.owner})
        write_private(_LAST_UP, config)


def down() -> None:
    """End every process of the stack, in order while its supervisor lives; whatever is left after that, too."""
    if not LOCAL.exists():
        return
    with only_one("stack"):
        supervisor = Supervisor()
        if supervisor.pid() is not None:
            supervisor.stop(set(NAMES) & set(supervisor.states()))  # before the servers they depend on
            supervisor.shut_down()
        end_orphans()


def is_up() -> bool:
    """Whether the stack was started and not stopped; single processes may be on their way back."""
    return LOCAL.exists() and Supervisor().pid() is not None


def status() -> list[ProcessStatus]:
    """Every process of the stack, servers included where they are our own."""
    supervisor = Supervisor() if LOCAL.exists() else None
    if supervisor is None or supervisor.pid() is None:
        return [ProcessStatus(name, None, "stopped") for name in ("postgres", "redis", *NAMES)]
    states = supervisor.states()
    names = [name for name in ("postgres", "redis", *NAMES) if name in states]
    return [ProcessStatus(name, states[name][1], states[name][0].lower()) for name in names]


def _runs_as(config: str, supervisor: Supervisor) -> bool:
    """Whether the last `up` came to its end with this very configuration, and all its processes run."""
    unchanged = _LAST_UP.exists() and _LAST_UP.read_text() == config
    return unchanged and all(state == "RUNNING" for state, _ in supervisor.states().values())


def _start(environment: StackEnvironment, config: str, *, fresh: bool) -> None:
    supervisor = Supervisor()  # anew: its port may have been replaced
    (LOCAL / "blobs").mkdir(exist_ok=True)
    write_config(config)
    say("starting the servers")
    if fresh:
        _prepare_servers(environment)
        supervisor.launch()
    else:
        supervisor.reread()
    _wait_until_servers_answer(supervisor, environment)
    say("migrating the database")
    run([str(VENV / "bin" / "arxos"), "migrate"], {**environment.variables, **environment.owner})
    supervisor.start(NAMES)
    _wait_until_healthy(supervisor, environment)


def _prepare_servers(environment: StackEnvironment) -> None:
    for server in (environment.postgres, environment.redis):
        if server:
            server.prepare()


def _programs(environment: StackEnvironment) -> Iterator[Program]:
    if postgres := environment.postgres:  # SIGINT: end the clients' sessions, do not wait for them
        yield Program("postgres", tuple(postgres.command()), {}, starts_itself=True, stop_signal="INT")
    if redis := environment.redis:
        yield Program("redis", tuple(redis.command()), {}, starts_itself=True)
    yield from (program_of(process, environment.variables) for process in PROCESSES)


def _wait_until_servers_answer(supervisor: Supervisor, environment: StackEnvironment) -> None:
    if redis := environment.redis:
        progress = partial(supervisor.cpu_ticks, "redis")
        wait_until(redis.answers, what=f"the start of Redis (see {LOGS / 'redis.log'})", progress=progress)
    if postgres := environment.postgres:
        progress = partial(supervisor.cpu_ticks, "postgres")
        wait_until(postgres.answers, what=f"the start of PostgreSQL (see {LOGS / 'postgres.log'})", progress=progress)
        postgres.create_database()
        postgres.create_roles()


def _wait_until_healthy(supervisor: Supervisor, environment: StackEnvironment) -> None:
    """Until each process is seen at work. One that ends in the meantime would only be started again and again."""
    say(f"starting {', '.join(NAMES)}")
    first = supervisor.states()

    def is_healthy(process: Process) -> bool:
        state, pid = supervisor.states()[process.name]
        if state in {"BACKOFF", "FATAL"} or pid not in {first[process.name][1], None}:
            raise CommandError(f"{process.name} does not start: {_last_words(process.name)}")
        return state == "RUNNING" and pid is not None and _is_at_work(process, pid, environment)

    for process in PROCESSES:
        progress = partial(supervisor.cpu_ticks, process.name)
        wait_until(partial(is_healthy, process), what=f"the start of {process.name}", progress=progress)


def _is_at_work(process: Process, pid: int, environment: StackEnvironment) -> bool:
    """Waits a little itself: to start the check anew all the time would take the CPU from what is to start."""
    python, script = str(VENV / "bin" / "python"), str(ROOT / "deploy" / "healthcheck.py")
    check = [python, script, process.health, "--pid", str(pid), "--wait", "2"]
    variables = {**os.environ, **environment.variables}
    return subprocess.run(check, env=variables, capture_output=True, check=False).returncode == 0


def _last_words(name: str) -> str:
    log = LOGS / f"{name}.log"
    lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    return lines[-1] if lines else "it said nothing"
