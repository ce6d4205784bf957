"""Where a request comes from: the peer, or whoever a trusted proxy says."""

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from starlette.requests import HTTPConnection

Networks = tuple[IPv4Network | IPv6Network, ...]


def networks(listed: str) -> Networks:
    """``10.0.0.0/8,127.0.0.1``. Raises ValueError."""
    return tuple(ip_network(one.strip(), strict=False) for one in listed.split(",") if one.strip())


def lies_in(address: str, trusted: Networks) -> bool:
    """Whether the address is one of these; what is none is not."""
    try:
        return any(ip_address(address) in network for network in trusted)
    except ValueError:
        return False


FORWARDING = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


def came_directly(request: HTTPConnection) -> bool:
    """Whether the peer asks for itself: no proxy has passed the request on, or its address is known nevertheless.

    A proxy on this machine has this machine's address: what it passes on must not be taken for a local question.
    """
    peer = request.client.host if request.client else "unknown"
    return client_address(request) != peer or not any(name in request.headers for name in FORWARDING)


def client_address(request: HTTPConnection) -> str:
    """The nearest address that is no proxy of ours; whatever is said beyond it anybody may have said."""
    peer = request.client.host if request.client else "unknown"
    trusted: Networks = request.app.state.proxies
    hops = [hop.strip() for hop in request.headers.get("x-forwarded-for", "").split(",") if hop.strip()]
    while hops and lies_in(peer, trusted):
        peer = hops.pop()
    return peer[:64]
