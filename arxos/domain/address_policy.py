"""Which addresses belong to the public internet: an own table, so that every version of Python decides alike.

Sources: IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890; as of 2025); multicast (RFC 5771, RFC 4291).
`ipaddress.is_global` follows the registries as well, each release of Python another state of them.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network

# Also what the registry calls globally reachable: anycast addresses of relays, gateways and name servers (PCP, TURN,
# AMT, AS112) lead into the own network as a rule, and none of them is a receiver of anything.
SPECIAL_V4 = tuple(
    IPv4Network(one)
    for one in (
        "0.0.0.0/8",  # "this network"
        "10.0.0.0/8",  # private use
        "100.64.0.0/10",  # shared address space of carriers
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, with the metadata services of clouds
        "172.16.0.0/12",  # private use
        "192.0.0.0/24",  # IETF protocol assignments
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private use
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, with the limited broadcast
    )
)
# Only here are global unicast addresses assigned. All else (fc00::/7, fe80::/10, fec0::/10, ff00::/8, 100::/64,
# 64:ff9b:1::/48, 5f00::/16, ::/8 with IPv4-compatible and -translated addresses) is not public without being named.
GLOBAL_UNICAST_V6 = IPv6Network("2000::/3")
SPECIAL_V6 = tuple(
    IPv6Network(one)
    for one in (
        "2001::/23",  # IETF protocol assignments: Teredo, benchmarking, AMT, AS112, ORCHID, DRIP
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)
# Addresses of hosts that speak IPv4, written as IPv6: judged by the IPv4 address in their last 32 bits.
EMBEDDING_V6 = (IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96"))  # IPv4-mapped; NAT64


def is_public(address: str) -> bool:
    """Whether this is a unicast address of the public internet. False for what is no address, or has a zone."""
    try:
        one = ip_address(address)
    except ValueError:
        return False
    return _is_public_v4(one) if isinstance(one, IPv4Address) else _is_public_v6(one)


def may_connect(address: str, allowed: Iterable[Network] = ()) -> bool:
    """Whether a caller may have us connect there: it is public, or the operator allows its network."""
    if is_public(address):
        return True
    try:
        one = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return any(one in network for network in allowed)


def parse_networks(listed: str) -> tuple[Network, ...]:
    """Networks or single addresses, separated by commas. Raises ValueError."""
    return tuple(ip_network(one, strict=False) for one in map(str.strip, listed.split(",")) if one)


def _is_public_v4(address: IPv4Address) -> bool:
    return not any(address in network for network in SPECIAL_V4)


def _is_public_v6(address: IPv6Address) -> bool:
    if address.scope_id is not None:
        return False
    if any(address in network for network in EMBEDDING_V6):
        return _is_public_v4(IPv4Address(int(address) & 0xFFFFFFFF))
    return address in GLOBAL_UNICAST_V6 and not any(address in network for network in SPECIAL_V6)
