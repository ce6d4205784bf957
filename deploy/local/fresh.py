"""`./run fresh`: both commands of the README on a minimal Debian, as a newcomer would type them.

A root of the wanted release is made by debootstrap and kept; each run gets a copy of it, with an ordinary user who has
sudo and a clone of this checkout's HEAD. Each command runs in mount and process namespaces of its own, and `./run down`
after it. Then no process may be left, and no file outside the clone but those of packages.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local.checkout import LOCAL, ROOT, say
from deploy.local.commands import CommandError, run

SUITES = ("bookworm", "trixie", "forky", "sid")
USER = "visitor"
CLONE = "arxos-workers"
PROGRESS_EVERY_S = 30.0

_HOME = LOCAL / "fresh"
_SCRIPTS = Path("/usr/share/debootstrap/scripts")
_PACKAGES = ("python3", "git", "sudo", "ca-certificates")
_WATCHED = ("home", "root", "tmp", "var/tmp", "srv", "opt")  # where a package installs nothing
_SHARED = ROOT.parent / "shared"  # real building data, which lies beside the checkout or is missing
_OWN_AUTHORITIES = Path("/usr/local/share/ca-certificates")
_VARIABLES = {"LC_ALL": "C.UTF-8", "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
_PROXIES = ("http_proxy", "https_proxy", "no_proxy")

# Prepares the copy from outside; $1 is its folder.
_MOUNT = r"""
set -eu
mount --make-rprivate /
mount -t proc proc "$1/proc"
mount --rbind /dev "$1/dev"
mount -t tmpfs -o mode=1777 tmpfs "$1/dev/shm"
[ -z "$2" ] || mount --bind -o ro "$2" "$1/$3/shared"
root=$1
shift 3
exec chroot "$root" "$@"
"""

# Runs as the first process of its namespace: bash collects orphans. What is left besides bash itself is a fault.
_SUPERVISE = r"""
"$@"; code=$?
python3 -c "$COUNT" || exit 99
exit $code
"""
_COUNT = r"""
import os, sys, time
from pathlib import Path
def left():
    for one in Path("/proc").glob("[0-9]*"):
        ended = one.joinpath("stat").read_text().rpartition(")")[2].split()[0] == "Z"
        if one.name not in {"1", str(os.getpid())} and not ended:
            yield one.joinpath("cmdline").read_text().replace("\0", " ")
deadline = time.monotonic() + 5
while (found := list(left())) and time.monotonic() < deadline:
    time.sleep(0.1)
sys.exit("left running: " + "; ".join(found) if found else 0)
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one command ended: `problem` is empty if it went well; `said` is the last line that it printed."""

    command: str
    seconds: float
    problem: str
    said: str


def fresh(arguments: Sequence[str]) -> None:
    """Try the commands on the releases wanted and print a table; exit 1 if anything failed. Raises CommandError."""
    parser = ArgumentParser(prog="./run fresh", allow_abbrev=False)
    parser.add_argument("--suite", action="append", choices=SUITES, help="a release of Debian; may be repeated")
    parser.add_argument("--root", action="store_true", help="as root instead of an ordinary user with sudo")
    parser.add_argument("--only", choices=("demo", "test"), help="one of the two commands")
    given = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # clean up as after Ctrl-C
    if os.geteuid() != 0:
        raise CommandError("fresh needs root: it mounts and changes roots")
    commands = [f"./run {name}" for name in ("demo", "test") if given.only in {None, name}]
    user = "root" if given.root else USER
    rows = [(suite, *row) for suite in given.suite or ["bookworm"] for row in _try_on(suite, user, commands)]
    print(_table(rows))
    sys.exit(any(outcome.problem for *_, outcome in rows))


def _try_on(suite: str, user: str, commands: Sequence[str]) -> list[tuple[str, str, Outcome]]:
    with _copy_of(_base(suite), f"{suite}-{user}") as root:
        home = f"home/{user}" if user != "root" else "root"
        _prepare(root, user, home)
        before = _files(root, home)
        python = _inside(root, "python3", "-c", "import platform; print(platform.python_version())")
        outcomes = [_perform(root, user, home, command) for command in commands]
        left = sorted(_files(root, home) - before)
    if left:
        outcomes.append(Outcome("files outside the clone", 0, f"touched {', '.join(left[:5])}", f"{len(left)} files"))
    return [(python, user, outcome) for outcome in outcomes]


def _base(suite: str) -> Path:
    """The minimal root of a release, made where it is not there yet."""
    base = _HOME / suite
    if not base.exists():
        say(f"making a minimal root of {suite}")
        making = base.with_suffix(".part")
        shutil.rmtree(making, ignore_errors=True)
        _HOME.mkdir(parents=True, exist_ok=True)
        script = [] if (_SCRIPTS / suite).exists() else ["", str(_SCRIPTS / "sid")]  # newer than this debootstrap
        include = f"--include={','.join(_PACKAGES)}"
        run(["debootstrap", "--variant=minbase", include, suite, str(making), *script])
        making.rename(base)
    return base


@contextmanager
def _copy_of(base: Path, name: str) -> Iterator[Path]:
    root = _HOME / f"{name}-{os.getpid()}"
    run(["cp", "--archive", "--reflink=auto", str(base), str(root)])
    try:
        yield root
    finally:
        shutil.rmtree(root)  # its mounts ended with their namespace


def _prepare(root: Path, user: str, home: str) -> None:
    """Let the user be there, with sudo and the clone, and let the copy reach what this machine reaches."""
    if user != "root":
        _inside(root, "useradd", "--create-home", "--shell", "/bin/bash", user)
        (root / "etc" / "sudoers.d" / user).write_text(f"{user} ALL=(ALL) NOPASSWD: ALL\n")
    shutil.copy("/etc/resolv.conf", root / "etc" / "resolv.conf")
    _trust_as_here(root)
    _clone(root / home / CLONE)
    if _SHARED.is_dir():
        (root / home / "shared").mkdir()
    if user != "root":
        _inside(root, "chown", "--recursive", f"{user}:", f"/{home}/{CLONE}")


def _trust_as_here(root: Path) -> None:
    """Let the copy trust the authorities that this machine's administrator added."""
    own = sorted(_OWN_AUTHORITIES.glob("*.crt"))
    for certificate in own:
        shutil.copy(certificate, root / "usr/local/share/ca-certificates")
    if own:
        _inside(root, "update-ca-certificates")
        (root / "etc" / "pip.conf").write_text("[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n")


def _clone(clone: Path) -> None:
    run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(clone)])
    run(
        ["git", "-C", str(clone), "checkout", "--quiet", "--detach", run(["git", "-C", str(ROOT), "rev-parse", "HEAD"])]
    )


def _inside(root: Path, *command: str) -> str:
    return run(["chroot", str(root), *command], _VARIABLES)


def _perform(root: Path, user: str, home: str, command: str) -> Outcome:
    """One command in the clone, then `./run down`; with its output in a log beside the root."""
    log = _HOME / f"{root.name.rpartition('-')[0]}-{command.rpartition(' ')[2]}.log"
    typed = f"cd /{home}/{CLONE} && {command} </dev/null; code=$?; ./run down && exit $code"
    shared = str(_SHARED) if _SHARED.is_dir() else ""
    supervised = ["/bin/bash", "-c", _SUPERVISE, "bash", "su", "--login", user, "--command", typed]
    mounted = ["sh", "-c", _MOUNT, "sh", str(root), shared, home, *_clean_environment(), *supervised]
    began = time.monotonic()
    with log.open("w") as output:
        done = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", *mounted],
            stdin=subprocess.DEVNULL, stdout=output, stderr=output,
        )  # fmt: skip
        try:
            _tell_progress(done, f"{root.name.rpartition('-')[0]}: {command}", log, began)
        finally:
            done.kill()  # and all of its namespace, where this is interrupted
            done.wait()
    seconds = time.monotonic() - began
    return Outcome(command, seconds, f"exit {done.returncode}: {log}" if done.returncode else "", _last_words(log))


def _clean_environment() -> list[str]:
    proxies = {name: os.environ[name] for name in _PROXIES if name in os.environ}
    variables = {**_VARIABLES, **proxies, "COUNT": _COUNT}
    return ["/usr/bin/env", "--ignore-environment", *(f"{name}={value}" for name, value in variables.items())]


def _tell_progress(running: "subprocess.Popen[bytes]", what: str, log: Path, began: float) -> None:
    say(f"{what} (output in {log})")
    while True:
        try:
            running.wait(PROGRESS_EVERY_S)
        except subprocess.TimeoutExpired:
            say(f"  {time.monotonic() - began:4.0f} s  {_last_words(log)}")
        else:
            return


def _last_words(log: Path) -> str:
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1].strip("= ")[:100] if lines else ""


def _files(root: Path, home: str) -> set[str]:
    """The files of the places watched, without those of the clone and of the data beside it."""
    own = {root / home / CLONE, root / home / "shared"}
    found = set()
    for place in _WATCHED:
        for folder, folders, files in os.walk(root / place):
            folders[:] = [one for one in folders if Path(folder, one) not in own]
            found |= {f"/{Path(folder, one).relative_to(root)}" for one in files}
    return found


def _table(rows: Sequence[tuple[str, str, str, Outcome]]) -> str:
    heads = ("suite", "Python", "user", "command", "result", "time", "")
    cells = [
        (suite, python, user, outcome.command, outcome.problem or "passed", f"{outcome.seconds:.0f} s", outcome.said)
        for suite, python, user, outcome in rows
    ]
    widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    return "\n".join(
        "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in (heads, *cells)
    )
