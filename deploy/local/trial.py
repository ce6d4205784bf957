"""`./run test` and `./run bench`: on servers of their own, never on the stack's."""

import os
import shutil
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence

from deploy.local.checkout import LOCAL, ROOT, VENV
from deploy.local.commands import run
from deploy.local.environment import chosen_by_caller
from deploy.local.private_servers import private_servers

_PYTHON = str(VENV / "bin" / "python")
_SERVERS = frozenset({"ARXOS_DATABASE_URL", "ARXOS_BROKER_URL"})


def test(arguments: Sequence[str]) -> None:
    """Pass the tests. Of the caller's ARXOS_ variables only servers to be used count."""
    servers = {name: value for name, value in chosen_by_caller().items() if name in _SERVERS}
    sys.exit(_pytest(arguments, servers))


def guarantees(arguments: Sequence[str]) -> None:
    """Inject every fault, then write what came of it into docs/guarantees.md."""
    ArgumentParser(prog="./run guarantees").parse_args(arguments)  # takes none
    figures = {"FAULTS_FOLDER": str(LOCAL / "faults" / "last")}
    shutil.rmtree(figures["FAULTS_FOLDER"], ignore_errors=True)
    failed = _pytest(["--faults"], figures)
    written = subprocess.run(
        [_PYTHON, "-m", "tests.faults.report"], cwd=ROOT, env=_without_arxos() | figures, check=False
    )
    sys.exit(failed or written.returncode)


def bench(arguments: Sequence[str]) -> None:
    """Run benchmarks on durable servers: a benchmark that does not wait for its disk measures something else."""
    with private_servers(LOCAL / f"bench-{os.getpid()}", durable=True) as servers:
        variables = _without_arxos() | {
            "ARXOS_DATABASE_URL": servers.postgres.url(),
            "ARXOS_BROKER_URL": servers.redis.url(0),
            "ARXOS_CACHE_URL": servers.redis.url(1),
            "ARXOS_BLOB_URL": (servers.home / "blobs").as_uri(),
            "ARXOS_PROBES": "1",
        }
        run([str(VENV / "bin" / "arxos"), "migrate"], variables)
        done = subprocess.run([_PYTHON, "-P", "-m", "benchmarks", *arguments], env=variables, check=False)
    sys.exit(done.returncode)


def _pytest(arguments: Sequence[str], variables: Mapping[str, str]) -> int:
    command = [_PYTHON, "-m", "pytest", *_in_parallel(arguments), *arguments]
    return subprocess.run(command, cwd=ROOT, env=_without_arxos() | dict(variables), check=False).returncode


def _in_parallel(arguments: Sequence[str]) -> list[str]:
    """Two test processes, unless the caller decides, or wants a debugger, which needs the terminal."""
    decided = any(argument.startswith(("-n", "--numprocesses", "--pdb", "--trace")) for argument in arguments)
    several = "3" if "--faults" in arguments else "2"  # faults mostly wait
    return [] if decided else ["-n", several, "--dist", "loadscope"]  # a file shares its dearer fixtures


def _without_arxos() -> dict[str, str]:
    """The environment without settings, and with compiled modules: hundreds of processes start."""
    left_out = ("ARXOS_", "PYTHONDONTWRITEBYTECODE")
    return {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
