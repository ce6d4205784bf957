"""A private Redis: one folder, one loopback port, one password."""

import socket
from dataclasses import dataclass
from pathlib import Path

from deploy.local.binaries import find_redis
from deploy.local.private_files import keep_secret, write_private

_SETTINGS = {
    "bind": "127.0.0.1",
    "maxmemory": "512mb",
    "maxmemory-policy": "noeviction",  # a queue that silently drops messages is worse than one that refuses
    "appendonly": "yes",
    "appendfsync": "everysec",
    "save": '""',
    "databases": "64",
}


@dataclass(frozen=True, slots=True)
class Redis:
    """One server below `home`. `durable` false: nothing is written to disk; for tests."""

    home: Path
    port: int
    durable: bool = True

    def url(self, database: int = 0) -> str:
        """The address, password included. The stack's broker is database 0, its cache database 1."""
        return f"redis://:{self._password()}@127.0.0.1:{self.port}/{database}"

    def prepare(self) -> None:
        """Make the folder and write the settings."""
        data = self.home / "redis"
        data.mkdir(parents=True, exist_ok=True)
        settings = _SETTINGS | {"port": str(self.port), "dir": f'"{data}"', "requirepass": self._password()}
        if not self.durable:
            settings["appendonly"] = "no"
        write_private(self._config, "".join(f"{name} {value}\n" for name, value in settings.items()))

    def command(self) -> list[str]:
        """Runs the server in the foreground. SIGTERM stops it cleanly."""
        return [str(find_redis()), str(self._config)]

    def answers(self) -> bool:
        """Whether the server takes commands now: it is there, it is ours, and it has loaded its data."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2) as connection:
                connection.sendall(f"AUTH {self._password()}\r\nPING\r\n".encode())
                return b"+PONG" in _two_lines(connection)
        except OSError:
            return False

    @property
    def _config(self) -> Path:
        return self.home / "redis.conf"

    def _password(self) -> str:
        return keep_secret(self.home / "redis.password")


def _two_lines(connection: socket.socket) -> bytes:
    with connection.makefile("rb") as answers:
        return answers.readline() + answers.readline()
