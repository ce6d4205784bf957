"""Addresses from any country pass; noise does not."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arxos.domain.buildings.address import LINE_LIMIT, PART_LIMITS, Address
from arxos.domain.errors import InvalidAddressError

ON_ENVELOPES = [
    "10 Downing Street, London SW1A 2AA",
    "1600 Pennsylvania Avenue NW, Washington, DC 20500, USA",
    "12 O'Connell Street, Dublin 1",
    "Große Königstraße 5a, 10115 Berlin",
    "Åsgårdstrandsveien 7, 3179 Åsgårdstrand",
    "ul. «Ленина», д. 5, Москва",
    "東京都千代田区丸の内1-9-1",
    "〒100-0005 東京都千代田区丸の内1-9-1",
    "北京市朝阳区建国路88号",
    "서울특별시 중구 세종대로 110",
    "شارع التحرير ١٢، القاهرة",
    "רחוב הרצל 12, תל אביב",
    "१२ महात्मा गांधी मार्ग, मुंबई",
    "Red Fort, New Delhi",
    "Piazza San Marco, Venezia",
    "Palácio de Belém, Lisboa",
    "c/o Smith & Sons, Unit 4/7, Westward Ho!, EX39 1HU",
    "Calle 26 № 13-19, Bogotá",
    "Q7, 24, Mannheim",
    "Schloss Neuschwanstein Schwangau",
    "221B Baker St.",
]
NOISE = ["", "   ", "\u200b\u200b", "12345", "!!!", "???", "-", ".", "n/a", "asdf", "unknown", "x", "1", "a 1", "none"]
NOISE += [
    "----------- 1 aa",
    "<script>alert(1)</script> Street 5",
    "name@example.org 5",
    "1 {city} Road",
    "5 Main 🏠 Road",
]
NOISE += ["ha ha ha", "a, b", "town, town"]


@pytest.mark.parametrize("line", ON_ENVELOPES)
def test_an_address_as_on_an_envelope_is_taken_as_it_is(line: str) -> None:
    assert Address.parse(line).line == line
    assert Address.parse(line).parts() == {}


@pytest.mark.parametrize("line", NOISE)
def test_noise_is_refused(line: str) -> None:
    with pytest.raises(InvalidAddressError, match=r"^address: "):
        Address.parse(line)


@pytest.mark.parametrize("c", ["\n", "\t", "\0", "\x7f", "\ud800", "\u202e", "\u2028", "\ue000"])
def test_an_unprintable_character_is_refused_by_its_number(c: str) -> None:
    with pytest.raises(InvalidAddressError, match=f"U\\+{ord(c):04X}"):
        Address.parse(f"10 Downing{c}Street, London")


def test_an_address_has_a_length_limit() -> None:
    with pytest.raises(InvalidAddressError, match=f"at most {LINE_LIMIT} characters, got {LINE_LIMIT + 1}"):
        Address.parse("5 " + "a" * (LINE_LIMIT - 1))


def test_spaces_around_and_decomposed_accents_are_tidied() -> None:
    assert Address.parse("  5 Cafe\u0301 Road ").line == "5 Café Road"


def test_the_parts_make_one_line() -> None:
    address = Address.parse(
        {"street": "1 Main St", "city": "Springfield", "region": "IL", "postal_code": "62701", "country": "US"}
    )
    assert str(address) == "1 Main St, Springfield, IL 62701, US"
    assert address.parts()["postal_code"] == "62701"


@pytest.mark.parametrize(
    ("parts", "line"),
    [
        ({"street": "5-2-1", "city": "Ginza"}, "5-2-1, Ginza"),
        ({"street": "Rue 1", "city": "Lyon", "postal_code": "69001"}, "Rue 1, Lyon, 69001"),
        ({"street": "5 Elm", "city": "X", "region": None, "country": "DE"}, "5 Elm, X, DE"),
    ],
)
def test_parts_that_are_not_given_leave_no_trace(parts: dict[str, object], line: str) -> None:
    assert Address.parse(parts).line == line


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"city": "Rome"}, "address.street: missing"),
        ({"street": "Via 1"}, "address.city: missing"),
        ({}, "address.street: missing"),
        ({"street": "Via 1", "city": None}, "address.city: missing"),
        ({"street": "Via 1", "city": " "}, "address.city: must not be empty"),
        ({"street": "Via 1", "city": "12"}, "address.city: must contain letters"),
        ({"street": "...", "city": "Rome"}, "address.street: more punctuation than letters and digits"),
        ({"street": "Via 1", "city": "Rome", "country": "39"}, "address.country: must contain letters"),
        ({"street": "Via 1", "city": "Rome", "postal_code": "1" * 17}, "address.postal_code: at most 16 characters"),
        ({"street": "Via 1", "city": "Rome", "zip": "00100"}, "address.zip: no such part"),
        ({"street": 5, "city": "Rome"}, "address.street: must be text"),
        ({"street": "Via 1", "city": "Ro\nme"}, "address.city: holds the unprintable character U\\+000A"),
        ({"street": "Via <b>1", "city": "Rome"}, "address.street: '<' does not belong in an address"),
    ],
)
def test_the_refusal_names_the_part(parts: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidAddressError, match=f"^{message}"):
        Address.parse(parts)


def verdict(given_address: object) -> Address | str:
    """The address, or the refusal's message; any other error is the test's failure."""
    try:
        return Address.parse(given_address)  # type: ignore[arg-type]
    except InvalidAddressError as error:
        return str(error)


@given(st.text(max_size=400))
def test_any_text_is_taken_or_refused_and_what_is_taken_is_taken_again(text: str) -> None:
    answer = verdict(text)
    if isinstance(answer, str):
        assert answer.startswith("address: ")
    else:
        assert Address.parse(answer.line) == answer


WORDS = st.text(st.sampled_from(string.ascii_letters + "äéñøß"), min_size=2, max_size=20)


@given(WORDS, st.integers(1, 9999), WORDS)
def test_a_street_with_a_number_and_a_town_is_an_address(street: str, number: int, town: str) -> None:
    assert Address.parse(f"{street} {number}, {town}").line


@given(
    st.dictionaries(st.sampled_from([*PART_LIMITS, "zip"]), st.one_of(st.none(), st.text(max_size=200), st.integers()))
)
def test_any_parts_are_taken_or_refused_by_name(parts: dict[str, object]) -> None:
    answer = verdict(parts)
    if isinstance(answer, str):
        assert answer.startswith("address.")
    else:
        assert answer.parts().keys() <= parts.keys()
