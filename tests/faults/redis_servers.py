"""Redis as production has it: with TLS and users of few rights, or three servers watched by three sentinels."""

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import Any

import redis as redis_client

from arxos.storage.redis_address import redis_client as client_of
from deploy.local.binaries import find_redis
from deploy.local.ports import free_port
from tests.faults.ground import KILL, Server
from tests.running import wait_until

USERS = Path(__file__).parents[2] / "deploy" / "redis" / "users.acl"
PASSWORDS = {
    f"{user.upper()}_PASSWORD": f"{user}-secret"
    for user in ("producer", "ingress", "relay", "worker", "api", "monitor")
}
ADMIN = "admin-secret"
MASTER = "arxos"
DOWN_AFTER_MS = 2000


@dataclass(frozen=True, slots=True)
class Certificates:
    """An authority and certificates of its making, in one folder."""

    folder: Path

    @property
    def ca(self) -> Path:
        return self.folder / "ca.crt"

    @classmethod
    def made_in(cls, folder: Path) -> "Certificates":
        folder.mkdir()
        new = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=authority")
        _openssl(folder, *new, "-keyout", "ca.key", "-out", "ca.crt")
        certificates = cls(folder)
        certificates.issue()
        return certificates

    def issue(self, *, days: int = 1) -> None:
        """A server's certificate for 127.0.0.1; of negative days it has expired."""
        (self.folder / "san").write_text("subjectAltName=IP:127.0.0.1\n")
        _openssl(self.folder, "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=redis", "-keyout", "server.key",
                 "-out", "server.csr")  # fmt: skip
        _openssl(self.folder, "x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key",
                 "-CAcreateserial", "-extfile", "san", "-days", str(days), "-out", "server.crt")  # fmt: skip


@dataclass(frozen=True, slots=True)
class SecureRedis:
    """A Redis that speaks TLS only, to the users of the template and to an administrator."""

    home: Path
    port: int
    certificates: Certificates

    def prepare(self) -> None:
        users = Template(USERS.read_text()).substitute(PASSWORDS)
        (self.home / "users.acl").write_text(f"{users}user admin on >{ADMIN} ~* &* +@all\n")

    def command(self) -> list[str]:
        folder = self.certificates.folder
        options = {
            "bind": "127.0.0.1", "port": "0", "tls-port": str(self.port), "dir": str(self.home), "save": "",
            "tls-cert-file": str(folder / "server.crt"), "tls-key-file": str(folder / "server.key"),
            "tls-ca-cert-file": str(self.certificates.ca), "tls-auth-clients": "no",
            "aclfile": str(self.home / "users.acl"), "maxmemory-policy": "noeviction",
            "enable-debug-command": "local",
        }  # fmt: skip
        return [str(find_redis()), *(word for name, value in options.items() for word in (f"--{name}", value))]

    def answers(self) -> bool:
        with suppress(redis_client.RedisError), self.admin() as client:
            return bool(client.ping())
        return False

    def url(self, user: str, database: int = 0, password: str = "") -> str:
        """The address for a user."""
        word = password or f"{user}-secret"
        return f"rediss://{user}:{word}@127.0.0.1:{self.port}/{database}?ssl_ca_certs={self.certificates.ca}"

    def admin(self) -> Any:
        """A client that may do everything, whatever the server's certificate."""
        return redis_client.Redis(
            host="127.0.0.1", port=self.port, username="admin", password=ADMIN, ssl=True, ssl_cert_reqs="none",
            ssl_check_hostname=False, socket_timeout=5, decode_responses=True,
        )  # fmt: skip


@contextmanager
def secure_redis(home: Path) -> Iterator[tuple[Server, SecureRedis]]:
    """Such a server, running."""
    installed = SecureRedis(home, free_port(), Certificates.made_in(home / "certificates"))
    installed.prepare()
    server = Server(installed, home / "redis.log")
    server.start()
    try:
        yield server, installed
    finally:
        server.stop(KILL)


@dataclass(frozen=True, slots=True)
class Node:
    """A Redis without TLS that may become master or replica, or a sentinel that watches them."""

    home: Path
    port: int
    settings: Mapping[str, str]
    sentinel: bool = False

    def prepare(self) -> None:
        self.home.mkdir()
        lines = {"bind": "127.0.0.1", "port": str(self.port), "dir": str(self.home), **self.settings}
        (self.home / "node.conf").write_text("".join(f"{name} {value}\n" for name, value in lines.items()))

    def command(self) -> list[str]:
        return [str(find_redis()), str(self.home / "node.conf"), *(["--sentinel"] if self.sentinel else [])]

    def answers(self) -> bool:
        with suppress(redis_client.RedisError), self.client() as client:
            return bool(client.ping())
        return False

    def client(self) -> Any:
        password = None if self.sentinel else "secret"
        return redis_client.Redis(port=self.port, password=password, socket_timeout=2, decode_responses=True)


@dataclass
class Failover:
    """One master, two replicas, three sentinels."""

    home: Path
    nodes: list[Server] = field(default_factory=list)
    sentinels: list[Server] = field(default_factory=list)

    def start(self) -> None:
        ports: set[int] = set()
        for number in range(3):
            ports.add(port := free_port(frozenset(ports)))
            first = self.nodes[0].installed.port if self.nodes else None  # type: ignore[attr-defined]
            settings = {"requirepass": "secret", "masterauth": "secret", "save": '""', "repl-diskless-sync-delay": "0"}
            if first:
                settings["replicaof"] = f"127.0.0.1 {first}"
            self.nodes.append(self._server(Node(self.home / f"node-{number}", port, settings)))
        master = f"{MASTER} 127.0.0.1 {self.nodes[0].installed.port} 2"  # type: ignore[attr-defined]
        watched = {"sentinel monitor": master, "sentinel auth-pass": f"{MASTER} secret"}
        watched |= {"sentinel down-after-milliseconds": f"{MASTER} {DOWN_AFTER_MS}"}
        watched |= {"sentinel failover-timeout": f"{MASTER} 10000"}
        for number in range(3):
            ports.add(port := free_port(frozenset(ports)))
            self.sentinels.append(self._server(Node(self.home / f"sentinel-{number}", port, watched, sentinel=True)))
        wait_until(self._settled, "the sentinels know each other and both replicas")

    def url(self) -> str:
        """The address of the group."""
        hosts = ",".join(f"127.0.0.1:{one.installed.port}" for one in self.sentinels)  # type: ignore[attr-defined]
        return f"sentinel://:secret@{hosts}/0?master={MASTER}"

    def master(self) -> Server:
        """Who is master now, as the last sentinel sees it."""
        with self.sentinels[2].installed.client() as client:  # type: ignore[attr-defined]
            port = int(client.sentinel_get_master_addr_by_name(MASTER)[1])
        return next(node for node in self.nodes if node.installed.port == port)  # type: ignore[attr-defined]

    def role_of(self, node: Server) -> str:
        """What a node takes itself for."""
        with node.installed.client() as client:  # type: ignore[attr-defined]
            return str(client.info("replication")["role"])

    def stop(self) -> None:
        for server in (*self.sentinels, *self.nodes):
            server.stop(KILL)

    def _server(self, node: Node) -> Server:
        node.prepare()
        server = Server(node, node.home / "log")
        server.start()
        return server

    def _settled(self) -> bool:
        states = []
        for server in self.sentinels:
            with server.installed.client() as client:  # type: ignore[attr-defined]
                states.append(client.sentinel_master(MASTER))
        return all((s["num-slaves"], s["num-other-sentinels"]) == (2, 2) for s in states)


@contextmanager
def failover(home: Path) -> Iterator[Failover]:
    """The group, running."""
    group = Failover(home)
    try:
        group.start()
        yield group
    finally:
        group.stop()


def wiped(url: str) -> None:
    """Nothing is left of an earlier test."""
    with client_of(url, timeout_s=5, name="tests") as client:
        client.flushall()


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)
