"""Finds the programs that tests, documentation and benchmarks use, besides the servers."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from deploy.local import system_packages
from deploy.local.binaries import MissingProgramError, which
from deploy.local.checkout import LOCAL, say
from deploy.local.commands import CommandError


def find_chromium() -> Path:
    """The browser that the console is tested in. Raises MissingProgramError."""
    browsers = ("chromium", "google-chrome", "chromium-browser")
    found = next(filter(None, map(which, browsers)), None)
    return found or _found("chromium")


def find_wrk() -> Path:
    """What loads the HTTP interface in benchmarks. Raises MissingProgramError."""
    return _found("wrk")


def find_node() -> Path:
    """What runs the JavaScript of the guides. Raises MissingProgramError."""
    return _found("node", "nodejs")


def find_curl() -> Path:
    """What the guides ask the HTTP interface with. Raises MissingProgramError."""
    return _found("curl")


def find_less() -> Path:
    """The pager of long tables. Raises MissingProgramError."""
    return _found("less")


def find_debootstrap() -> Path:
    """What makes the roots of `./run fresh`. Raises MissingProgramError."""
    return _found("debootstrap")


def _found(program: str, package: str | None = None) -> Path:
    """The program; its Debian package has the same name unless one is named."""
    if found := which(program):
        return found
    raise MissingProgramError(f"no {program} here", package or program)


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A program of a Debian package that is unpacked below `.local`: installing the package would start a service.

    `path` is where the program lies in the package.
    """

    name: str
    package: str
    path: str

    def find(self) -> Path | None:
        """The program on PATH or unpacked; None where there is neither."""
        unpacked = self._folder / self.path
        return which(self.name) or (unpacked if unpacked.exists() else None)

    def ensure(self) -> None:
        """Unpack the package where the program is not there. Without apt, tests that use the program are skipped."""
        if self.find() is not None:
            return
        if shutil.which("apt-get") is None:
            say(f"no {self.name} here, and no apt: the tests that use it are skipped")
            return
        say(f"unpacking {self.name}")
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        if not self._downloaded():
            system_packages.update()
            if not self._downloaded():
                raise CommandError(f"apt-get download {self.package} failed")
        (archive,) = self._folder.glob("*.deb")
        subprocess.run(["dpkg-deb", "--extract", str(archive), str(self._folder)], check=True)
        archive.unlink()

    @property
    def _folder(self) -> Path:
        return LOCAL / "programs" / self.package

    def _downloaded(self) -> bool:
        command = ["apt-get", "download", "-q", self.package]
        return subprocess.run(command, cwd=self._folder, capture_output=True, check=False).returncode == 0


PROMTOOL = Unpacked("promtool", package="prometheus", path="usr/bin/promtool")
