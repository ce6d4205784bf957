"""Looks a host up once and decides whether a caller may have us connect there: the one place for it (SSRF)."""

import socket
from collections.abc import Iterable

from arxos.domain.address_policy import Network, may_connect
from arxos.domain.errors import InvalidError, UnavailableError
from arxos.domain.url_policy import Target


def checked_address(target: Target, allowed: Iterable[Network] = ()) -> str:
    """The address to connect to. Raises InvalidError where any of the host's is not allowed, UnavailableError: none."""
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UnavailableError(f"the host {target.host!r} cannot be resolved") from error
    addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
    networks = tuple(allowed)
    if not all(may_connect(address, networks) for address in addresses):
        raise InvalidError(f"the host {target.host!r} lies in a network that nothing is sent to")
    return addresses[0]
