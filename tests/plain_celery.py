"""An environment with Celery and nothing of ours: what a service has that only knows the broker's address."""

import fcntl
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CLIENT = ROOT / "clients" / "celery"


OURS, OLDEST = version("celery"), "5.3.0"
OF_ITS_TIME = {OLDEST: ("kombu==5.3.0", "redis==4.6.0")}  # what it was released with


def celery_of_their_own(wanted: str = OURS) -> Path:
    """Its Python. Made once for each version of Celery, and kept beside the checkout's other state."""
    home = ROOT / ".local" / f"plain-celery-{wanted}"
    home.parent.mkdir(exist_ok=True)
    python = home / "bin" / "python"
    with home.with_name(f"{home.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several test processes may want it at once
        if not (home / "made").exists():
            subprocess.run([sys.executable, "-m", "venv", "--clear", str(home)], check=True)
            install = [
                str(python),
                "-m",
                "pip",
                "install",
                "--quiet",
                f"celery[redis]=={wanted}",
                *OF_ITS_TIME.get(wanted, ()),
            ]
            subprocess.run(install, check=True, capture_output=True)
            (home / "made").touch()
    return python
