"""The local stack: up, down, status."""

from collections.abc import Iterator
from dataclasses import dataclass

from deploy.local.checkout import LOCAL, VENV, only_one, say
from deploy.local.commands import CommandError, run, wait_until
from deploy.local.environment import PORTS, StackEnvironment, choose_environment, remember_running
from deploy.local.orphans import end_orphans
from deploy.local.ports import replace_taken_ports
from deploy.local.processes import PROCESSES
from deploy.local.supervision import LOGS, Program, Supervisor, program_of, write_config

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
        environment = _start_servers()
        say("migrating the database")
        run([str(VENV / "bin" / "arxos"), "migrate"], environment.variables)
        supervisor = Supervisor()
        supervisor.start(NAMES)
        _wait_until_running(supervisor)
        remember_running(environment.variables)


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


def is_running() -> bool:
    """Whether every process of the stack runs."""
    return all(process.state == "running" for process in status())


def status() -> list[ProcessStatus]:
    """Every process of the stack, servers included where they are our own."""
    supervisor = Supervisor() if LOCAL.exists() else None
    if supervisor is None or supervisor.pid() is None:
        return [ProcessStatus(name, None, "stopped") for name in ("postgres", "redis", *NAMES)]
    states = supervisor.states()
    names = [name for name in ("postgres", "redis", *NAMES) if name in states]
    return [ProcessStatus(name, states[name][1], states[name][0].lower()) for name in names]


def _start_servers() -> StackEnvironment:
    supervisor = Supervisor()
    fresh = supervisor.pid() is None
    if fresh:
        end_orphans()
        replace_taken_ports(LOCAL / "ports.json", PORTS)
        supervisor = Supervisor()
    environment = choose_environment(while_running=not fresh)
    for server in (environment.postgres, environment.redis):
        if server and fresh:
            server.prepare()
    (LOCAL / "blobs").mkdir(exist_ok=True)
    write_config(_programs(environment))
    say("starting the servers")
    supervisor.launch() if fresh else supervisor.reread()
    _wait_until_servers_answer(environment)
    return environment


def _programs(environment: StackEnvironment) -> Iterator[Program]:
    if postgres := environment.postgres:  # SIGINT: end the clients' sessions, do not wait for them
        yield Program("postgres", tuple(postgres.command()), {}, starts_itself=True, stop_signal="INT")
    if redis := environment.redis:
        yield Program("redis", tuple(redis.command()), {}, starts_itself=True)
    yield from (program_of(process, environment.variables) for process in PROCESSES)


def _wait_until_servers_answer(environment: StackEnvironment) -> None:
    if redis := environment.redis:
        wait_until(redis.answers, what=f"the start of Redis (see {LOGS / 'redis.log'})")
    if postgres := environment.postgres:
        wait_until(postgres.answers, what=f"the start of PostgreSQL (see {LOGS / 'postgres.log'})", timeout_s=60)
        postgres.create_database()


def _wait_until_running(supervisor: Supervisor) -> None:
    say(f"starting {', '.join(NAMES)}")

    def all_run() -> bool:
        states = supervisor.states()
        if failed := [name for name in NAMES if states[name][0] in {"BACKOFF", "FATAL"}]:
            raise CommandError(f"{failed[0]} does not start: {_last_words(failed[0])}")
        return all(states[name][0] == "RUNNING" for name in NAMES)

    wait_until(all_run, what="the start of all processes", timeout_s=60)


def _last_words(name: str) -> str:
    log = LOGS / f"{name}.log"
    lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    return lines[-1] if lines else "it said nothing"
