"""Which URLs of callers are taken, and what host and port they mean. Where the host leads is checked at delivery."""

import re
from dataclasses import dataclass
from ipaddress import IPv6Address
from urllib.parse import SplitResult, urlsplit

from arxos.domain.errors import InvalidError

URL_LIMIT = 2000
DEFAULT_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[a-z0-9._-]{1,253}")


@dataclass(frozen=True, slots=True)
class Target:
    """An http(s) URL taken apart. `host`: in ASCII, without brackets; `path`: with the query, without the fragment."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def netloc(self) -> str:
        """For the header `Host`: the port only where it is not the scheme's own."""
        host = _bracketed(self.host)
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    def at(self, address: str) -> str:
        """The same URL with this address in the host's place: a client that is given it looks no name up."""
        return f"{self.scheme}://{_bracketed(address)}:{self.port}{self.path}"


def checked_url(url: str) -> str:
    """The URL itself. Raises InvalidError saying what is wrong."""
    target_of(url)
    return url


def target_of(url: str) -> Target:
    """What it means. Raises InvalidError saying what is wrong, without naming what may be secret."""
    if len(url) > URL_LIMIT or not url.isprintable() or " " in url:
        raise InvalidError(f"url: must be at most {URL_LIMIT} printable characters without spaces")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InvalidError("url: its host or port cannot be read") from error
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise InvalidError("url: must be http:// or https:// and a host")
    if "@" in parts.netloc:
        raise InvalidError("url: must have no user name and no password in it")
    if port == 0:
        raise InvalidError("url: no port 0 can be reached")
    return Target(parts.scheme, _host(parts), port or DEFAULT_PORTS[parts.scheme], _path(parts))


def _host(parts: SplitResult) -> str:
    """One form for all spellings of a name, the one that is looked up: RFC 3490, where ``。`` is a dot."""
    host = parts.hostname or ""
    try:
        if "[" in parts.netloc and "%" not in host:
            return str(IPv6Address(host))
        name = host.encode("idna").decode().lower()
    except ValueError as error:
        raise InvalidError("url: its host cannot be read") from error
    if not _HOST.fullmatch(name):
        raise InvalidError("url: its host must be a name or an address, without a zone")
    return name


def _path(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
