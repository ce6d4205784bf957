"""Where a Redis is: the one place that reads its addresses, and that makes clients of it.

redis://[user:password@]host[:port][/database]
rediss://…?ssl_ca_certs=FILE[&ssl_certfile=FILE&ssl_keyfile=FILE][&ssl_cert_reqs=required|optional|none]
sentinel://[user:password@]host[:port],host[:port],…[/database]?master=NAME[&sentinel_username=…][&sentinel_password=…][&tls=on&ssl_…]
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

from redis import Redis, Sentinel
from redis.exceptions import RedisError

from arxos.domain.errors import UnavailableError

SCHEMES = ("redis", "rediss", "sentinel")
PORT = {"redis": 6379, "rediss": 6379, "sentinel": 26379}
FILES = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
TLS = (*FILES, "ssl_cert_reqs")
SENTINEL = ("master", "sentinel_username", "sentinel_password", "tls")
OPTIONS: Mapping[str, tuple[str, ...]] = {"redis": (), "rediss": TLS, "sentinel": (*SENTINEL, *TLS)}
CERT_REQS = ("required", "optional", "none")


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """A Redis, or the sentinels that know which server is the master. Holds passwords: never printed."""

    hosts: tuple[tuple[str, int], ...]
    database: int = 0
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    master: str | None = None  # None: the host is Redis itself
    tls: Mapping[str, str | bool] | None = None  # redis-py's names; None: no TLS
    sentinel: Mapping[str, str] = field(default_factory=dict, repr=False)  # the sentinels' own username and password

    def urls(self) -> list[str]:
        """One plain address per host, as kombu wants them."""
        scheme = "sentinel" if self.master else "rediss" if self.tls is not None else "redis"
        login = f"{quote(self.username or '', safe='')}:{quote(self.password, safe='')}@" if self.password else ""
        return [f"{scheme}://{login}{_bracketed(host)}:{port}/{self.database}" for host, port in self.hosts]

    def sentinel_options(self, timeout_s: float) -> dict[str, Any]:
        """How the sentinels themselves are spoken to."""
        limits = {"socket_timeout": timeout_s, "socket_connect_timeout": timeout_s}
        return {**self.sentinel, **limits, **({} if self.tls is None else {"ssl": True, **self.tls})}


def redis_client(url: str, *, timeout_s: float, name: str) -> Redis:
    """A client that connects at its first use, and shows itself as `name` in CLIENT LIST."""
    address = parse_address(url)
    options: dict[str, Any] = {
        "db": address.database,
        "username": address.username,
        "password": address.password,
        "socket_timeout": timeout_s,
        "socket_connect_timeout": timeout_s,
        "client_name": name,
    }
    if address.tls is not None:
        options |= {"ssl": True, **address.tls}
    if address.master is None:
        ((host, port),) = address.hosts
        return Redis(host=host, port=port, **options)
    known = Sentinel(list(address.hosts), sentinel_kwargs=address.sentinel_options(timeout_s), **options)  # type: ignore[no-untyped-call]
    found: Redis = known.master_for(address.master)  # type: ignore[no-untyped-call]
    return found


def parse_address(url: str) -> RedisAddress:
    """Read an address. Raises ValueError, whose words repeat no part of it that could be a password.

    kombu's form for sentinels, whole addresses with ``;`` between them, is read, too.
    """
    parts = _split(url)
    scheme = parts[0].scheme
    query = {key.replace("master_name", "master"): value for part in parts for key, value in _query(part)}
    if unknown := set(query) - set(OPTIONS[scheme]):
        known = ", ".join(OPTIONS[scheme]) or "none"
        raise ValueError(f"has {len(unknown)} unknown option(s); a {scheme}:// address knows {known}")
    username, password = next((login for part in parts if (login := _login(part))), (None, None))
    hosts = tuple(host for part in parts for host in _hosts(part))
    if scheme != "sentinel" and len(hosts) != 1:
        raise ValueError("names several hosts: that is for sentinel://")
    tls = scheme == "rediss" or _switch(query.get("tls", "off"))
    if not tls and any(option in TLS for option in query):
        raise ValueError("has options of TLS without tls=on")
    return RedisAddress(
        hosts,
        _database(parts),
        username,
        password,
        query.get("master", "mymaster") if scheme == "sentinel" else None,
        _tls(query) if tls else None,
        {name: query[f"sentinel_{name}"] for name in ("username", "password") if f"sentinel_{name}" in query},
    )


def _split(url: str) -> list[SplitResult]:
    try:
        parts = [urlsplit(part) for part in url.split(";")]
    except ValueError:
        raise ValueError("is not an address; / ? # @ : , ; [ ] % in a password are written as %2F and so on") from None
    schemes = {part.scheme for part in parts}
    if len(schemes) > 1 or not schemes <= set(SCHEMES):
        raise ValueError(f"must start with {' or '.join(f'{scheme}://' for scheme in SCHEMES)}")
    return parts


def _query(part: SplitResult) -> list[tuple[str, str]]:
    return parse_qsl(part.query, keep_blank_values=True)


def _login(part: SplitResult) -> tuple[str | None, str | None] | None:
    login, at, _ = part.netloc.rpartition("@")
    username, _, password = login.partition(":")
    return (unquote(username) or None, unquote(password) or None) if at else None


def _hosts(part: SplitResult) -> Iterator[tuple[str, int]]:
    for one in part.netloc.rpartition("@")[2].split(","):
        try:
            host = urlsplit(f"//{one}")
            # An empty host is this machine, as it always was for Redis's clients.
            yield host.hostname or "localhost", host.port or PORT[part.scheme]
        except ValueError:
            raise ValueError("has a port that is no number from 1 to 65535, or a password that is not quoted") from None


def _database(parts: list[SplitResult]) -> int:
    number = next((path for part in reversed(parts) if (path := part.path.strip("/"))), "0")
    if not (number.isascii() and number.isdecimal()):
        raise ValueError("must end with the number of a database, such as /0")
    return int(number)


def _tls(query: Mapping[str, str]) -> dict[str, str | bool]:
    tls = {"ssl_cert_reqs": "required"} | {name: query[name] for name in TLS if name in query}
    tls["ssl_cert_reqs"] = tls["ssl_cert_reqs"].lower().removeprefix("cert_")
    if tls["ssl_cert_reqs"] not in CERT_REQS:
        raise ValueError(f"ssl_cert_reqs must be {' or '.join(CERT_REQS)}")
    for name in FILES:
        if name in tls and not Path(tls[name]).is_file():
            raise ValueError(f"{name} names no file that can be read")
    if "ssl_keyfile" in tls and "ssl_certfile" not in tls:
        raise ValueError("ssl_keyfile needs ssl_certfile")
    # redis-py cannot check a name in a certificate that it does not ask for.
    return {**tls, "ssl_check_hostname": tls["ssl_cert_reqs"] == "required"}


def _switch(word: str) -> bool:
    if word not in ("on", "off"):
        raise ValueError("tls must be on or off")
    return word == "on"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def redis_reach(url: str, timeout_s: float) -> None:
    """Knock once. Raises UnavailableError."""
    try:
        with redis_client(url, timeout_s=timeout_s, name="arxos-health") as client:
            client.ping()
    except (RedisError, OSError) as error:
        raise UnavailableError(f"Redis does not answer: {type(error).__name__}") from error
