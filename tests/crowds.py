"""Peers that harm: raw sockets, as many as a machine lets one have."""

import resource
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx


def many_files() -> None:
    """As many sockets as the system lets this process have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def request(method: str, path: str, token: str | None = None, **headers: str) -> bytes:
    """The head of a request, ready to be sent."""
    told = {"Host": "arxos", **({"Authorization": f"Bearer {token}"} if token else {}), **headers}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name.replace('_', '-')}: {value}" for name, value in told.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


@contextmanager
def peers(url: str, count: int, head: bytes = b"", sources: int = 1) -> Iterator[list[socket.socket]]:
    """So many connections that have sent `head` and no more, from so many addresses of this machine."""
    many_files()
    address = urlsplit(url)
    found: list[socket.socket] = []
    try:
        for number in range(count):
            one = socket.socket()
            one.settimeout(20)
            one.bind((f"127.0.1.{1 + number % sources}", 0))
            one.connect((address.hostname, address.port))
            if head:
                one.sendall(head)
            found.append(one)
        yield found
    finally:
        for one in found:
            one.close()


def answered(one: socket.socket, within_s: float) -> bytes:
    """What has come within so many seconds, up to the end of the answer's head; empty: nothing."""
    one.settimeout(within_s)
    found = b""
    with suppress(TimeoutError, ConnectionError):
        while b"\r\n\r\n" not in found and (piece := one.recv(65536)):
            found += piece
    return found


def has_answer(one: socket.socket) -> bool:
    """Whether something has come, which stays to be read."""
    one.setblocking(False)
    try:
        return bool(one.recv(1, socket.MSG_PEEK))
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def status_of(head: bytes) -> int:
    """The status of an answer; 0: there is none."""
    return int(head.split(b" ", 2)[1]) if head.startswith(b"HTTP/1.1 ") else 0


def ends(one: socket.socket, within_s: float) -> bool:
    """Whether the other side closes the connection."""
    one.settimeout(within_s)
    try:
        while one.recv(65536):
            pass
    except TimeoutError:
        return False
    except ConnectionError:
        return True
    return True


@dataclass(eq=False)
class Prober(threading.Thread):
    """Asks `/health/live` again and again, over a new connection each time: seconds that each answer took."""

    url: str
    took: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(0.05):
            began = time.monotonic()
            try:
                answer = httpx.get(f"{self.url}/health/live", timeout=20)
                answer.raise_for_status()
            except httpx.HTTPError as error:
                self.failed.append(f"{type(error).__name__} {error}")
            self.took.append(time.monotonic() - began)

    def stop(self) -> None:
        self._over.set()
        self.join(30)


@contextmanager
def probed(url: str) -> Iterator[Prober]:
    """Liveness is asked for as long as the block lasts."""
    prober = Prober(url)
    prober.start()
    try:
        yield prober
    finally:
        prober.stop()
