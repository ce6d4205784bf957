"""Which URLs are taken, and that every spelling of one host becomes the same name."""

import pytest

from arxos.domain.errors import InvalidError
from arxos.domain.url_policy import checked_url, target_of


@pytest.mark.parametrize(
    "url",
    ["", "shop.example", "ftp://shop.example", "file:///etc/passwd", "http://", "http://user:hunter2@shop.example/",
     "http://@shop.example/", "http://shop.example:99999/", "http://shop.example:0/", "http://shop.example:x/",
     "http://[::1", "http://[shop.example]/", "http://[127.0.0.1]/", "http://[fe80::1%25eth0]/", "http://[fe80::1%eth0]/",
     "http://shop example/", "http://shop%2eexample/", "http://shop.example\\@10.0.0.1/", "http://shop\\.example/",
     "http://a..b/", "http://" + "a" * 64 + ".example/", "http://shop.example\uff0fx/", "http://x/\r\nHost: y",
     "javascript:alert(1)", "gopher://x/", "//shop.example/", "http://x/" + "y" * 2000],
)  # fmt: skip
def test_what_is_no_url_of_a_receiver_is_refused(url: str) -> None:
    with pytest.raises(InvalidError, match=r"^url: ") as refused:
        checked_url(url)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "host", "netloc", "at"),
    [
        ("http://Shop.Example", "shop.example", "shop.example", "http://192.0.2.1:80/"),
        ("https://shop.example:443/a?b=c#d", "shop.example", "shop.example", "https://192.0.2.1:443/a?b=c"),
        ("http://shop.example:8080//a//b", "shop.example", "shop.example:8080", "http://192.0.2.1:8080//a//b"),
        ("http://127\u30020\uff0e0\uff611/", "127.0.0.1", "127.0.0.1", "http://192.0.2.1:80/"),
        ("http://bücher.example/", "xn--bcher-kva.example", "xn--bcher-kva.example", "http://192.0.2.1:80/"),
        ("http://[0:0::1]:8080/", "::1", "[::1]:8080", "http://192.0.2.1:8080/"),
    ],
)
def test_a_url_means_one_host_port_and_path(url: str, host: str, netloc: str, at: str) -> None:
    target = target_of(url)
    assert (target.host, target.netloc, target.at("192.0.2.1")) == (host, netloc, at)


def test_an_ipv6_address_is_put_into_brackets() -> None:
    assert target_of("https://shop.example/x").at("2606:4700::1111") == "https://[2606:4700::1111]:443/x"
