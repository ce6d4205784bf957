"""Every row of IANA's registries of special addresses, with its edges, whatever the version of Python."""

from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest

from arxos.domain.address_policy import is_public, may_connect, parse_networks

# The rows as published, not ours: some overlap, some lie outside 2000::/3 and are not in our table.
REGISTRY = [
    "0.0.0.0/8", "0.0.0.0/32", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
    "192.0.0.0/24", "192.0.0.0/29", "192.0.0.8/32", "192.0.0.9/32", "192.0.0.10/32", "192.0.0.170/32", "192.0.0.171/32",
    "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.88.99.2/32", "192.168.0.0/16",
    "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    "255.255.255.255/32", "::1/128", "::/128", "::/96", "::ffff:0:0:0/96", "64:ff9b:1::/48", "100::/64",
    "100:0:0:1::/64", "2001::/23", "2001::/32", "2001:1::1/128", "2001:1::2/128", "2001:1::3/128", "2001:2::/48",
    "2001:3::/32", "2001:4:112::/48", "2001:10::/28", "2001:20::/28", "2001:30::/28", "2001:db8::/32", "2002::/16",
    "2620:4f:8000::/48", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
]  # fmt: skip
PUBLIC_V4, PUBLIC_V6 = ("1.1.1.1", "93.184.216.34", "223.255.255.255"), ("2606:4700::1111", "2a00::1", "3ffe::1")
# What lies just outside a row of the registry and in no other, and is unicast: public.
NEIGHBOURS = [
    "1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
    "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "191.255.255.255", "192.0.1.0", "192.0.1.255",
    "192.0.3.0", "192.31.195.255", "192.31.197.0", "192.52.192.255", "192.52.194.0", "192.88.98.255", "192.88.100.0",
    "192.167.255.255", "192.169.0.0", "192.175.47.255", "192.175.49.0", "198.17.255.255", "198.20.0.0",
    "198.51.99.255", "198.51.101.0", "203.0.112.255", "203.0.114.0", "223.255.255.255", "2000::",
    "2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:200::", "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::",
    "2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2003::", "2620:4f:7fff:ffff:ffff:ffff:ffff:ffff", "2620:4f:8001::",
    "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:1000::", "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
]  # fmt: skip


@pytest.mark.parametrize("row", REGISTRY)
def test_no_address_of_a_special_row_is_public(row: str) -> None:
    network = ip_network(row)
    first, last = network.network_address, network.broadcast_address
    between = type(first)((int(first) + int(last)) // 2)
    assert [str(one) for one in (first, between, last) if is_public(str(one))] == []


@pytest.mark.parametrize("row", REGISTRY)
def test_one_before_and_one_after_a_row_belong_to_another_row_or_are_public(row: str) -> None:
    network = ip_network(row)
    beside = (int(network.network_address) - 1, int(network.broadcast_address) + 1)
    kind, bits = type(network.network_address), network.max_prefixlen
    for one in (kind(number) for number in beside if 0 <= number < 1 << bits):
        special = any(one in ip_network(other) for other in REGISTRY)
        unicast = kind is IPv4Address or one in ip_network("2000::/3")
        assert is_public(str(one)) is (unicast and not special), str(one)


@pytest.mark.parametrize("address", [*PUBLIC_V4, *PUBLIC_V6, *NEIGHBOURS])
def test_unicast_addresses_of_no_row_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("prefix", ["::ffff:0:0", "64:ff9b::"])
@pytest.mark.parametrize("row", [row for row in REGISTRY if ":" not in row])
def test_an_ipv4_address_within_an_ipv6_one_is_judged_as_itself(prefix: str, row: str) -> None:
    for inside in (ip_network(row).network_address, ip_network(row).broadcast_address):
        assert not is_public(str(IPv6Address(int(IPv6Address(prefix)) | int(inside))))
    assert is_public(str(IPv6Address(int(IPv6Address(prefix)) | int(IPv4Address("1.1.1.1")))))


@pytest.mark.parametrize("inner", ["10.0.0.1", "127.0.0.1", "1.1.1.1"])
@pytest.mark.parametrize("prefix", ["::", "::ffff:0:0:0", "64:ff9b:1::"])
def test_compatible_translated_and_locally_translated_addresses_are_never_public(prefix: str, inner: str) -> None:
    assert not is_public(str(IPv6Address(int(IPv6Address(prefix)) | int(IPv4Address(inner)))))


@pytest.mark.parametrize("inner", ["10.0.0.1", "127.0.0.1", "1.1.1.1"])
def test_tunnels_of_6to4_and_teredo_are_never_public(inner: str) -> None:
    number = int(IPv4Address(inner))
    assert not is_public(str(IPv6Address((0x2002 << 112) | (number << 80) | 1)))
    assert not is_public(str(IPv6Address((0x20010000 << 96) | (number << 64) | (number ^ 0xFFFFFFFF))))


@pytest.mark.parametrize(
    "text",
    ["", "localhost", "1.1.1", "0x1.1.1.1", "01.1.1.1", "1.1.1.1/32", "fe80::1%eth0", "2606:4700::1111%1", "[::1]"],
)
def test_what_is_no_plain_address_is_not_public(text: str) -> None:
    assert not is_public(text)


@pytest.mark.parametrize("block", range(8))
def test_only_the_second_eighth_of_ipv6_holds_public_addresses(block: int) -> None:
    address = IPv6Address((block << 125) | (0x0A00 << 100) | 1)
    assert is_public(str(address)) is (block == 1)


def test_an_operator_may_allow_networks_that_are_not_public() -> None:
    allowed = parse_networks(" 10.1.0.0/16, fd00::/8 ,127.0.0.1,")
    assert may_connect("10.1.2.3", allowed)
    assert may_connect("fd00::1", allowed)
    assert may_connect("127.0.0.1", allowed)
    assert not may_connect("10.2.0.1", allowed)
    assert not may_connect("::ffff:10.1.2.3", allowed)
    assert not may_connect("localhost", allowed)
    assert may_connect("1.1.1.1", allowed)
