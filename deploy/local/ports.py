"""Free loopback ports, kept in a file so that addresses survive a restart."""

import json
import random
import socket
from pathlib import Path

from deploy.local.private_files import write_private

# Below the range from which systems take the ports of outgoing connections, above the well-known servers'.
_FIRST, _LAST = 20_000, 32_000


def is_free(port: int) -> bool:
    """Whether nobody listens on this loopback port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port(taken: frozenset[int] = frozenset()) -> int:
    """A free loopback port that is not among `taken`. Random: two checkouts that choose at once hardly ever meet."""
    candidates = [port for port in range(_FIRST, _LAST) if port not in taken]
    random.shuffle(candidates)
    for port in candidates:
        if is_free(port):
            return port
    raise OSError("no free loopback port")


def keep_ports(file: Path, names: tuple[str, ...]) -> dict[str, int]:
    """One port for each name, the same as last time where the file remembers one."""
    return _completed(file, _remembered(file), names)


def replace_taken_ports(file: Path, names: tuple[str, ...]) -> dict[str, int]:
    """As `keep_ports`, for servers that do not run now: a port that somebody else took meanwhile is chosen anew."""
    return _completed(file, {name: port for name, port in _remembered(file).items() if is_free(port)}, names)


def _remembered(file: Path) -> dict[str, int]:
    ports: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}
    return ports


def _completed(file: Path, ports: dict[str, int], names: tuple[str, ...]) -> dict[str, int]:
    complete = dict(ports)
    for name in names:
        complete.setdefault(name, free_port(frozenset(complete.values())))
    if complete != _remembered(file):
        write_private(file, json.dumps(complete, indent=1))
    return complete
