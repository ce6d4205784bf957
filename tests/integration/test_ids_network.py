"""Reading a client's IDS makes nobody connect anywhere."""

import socket
from contextlib import suppress
from pathlib import Path

import pytest

from arxos.domain.errors import InvalidError
from arxos.formats.ifc.ids_rules import read_ids
from tests.integration.test_ids import NAMED_WALLS

XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


@pytest.mark.parametrize(
    ("declaration", "attributes", "title"),
    [
        ("", f'{XSI} xsi:schemaLocation="http://standards.buildingsmart.org/IDS URL/a.xsd urn:z URL/z.xsd"', "Ours"),
        ("", f'{XSI} xsi:noNamespaceSchemaLocation="URL/n.xsd"', "Ours"),
        ('<!DOCTYPE ids SYSTEM "URL/ids.dtd">', "", "Ours"),
        ('<!DOCTYPE ids [<!ENTITY outer SYSTEM "URL/entity">]>', "", "&outer;"),
        ('<!DOCTYPE ids [<!ENTITY % outer SYSTEM "URL/entity"> %outer;]>', "", "Ours"),
    ],
    ids=["schema-location", "schema-without-namespace", "dtd", "entity", "parameter-entity"],
)
def test_an_ids_file_makes_nobody_fetch_anything(tmp_path: Path, declaration: str, attributes: str, title: str) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    text = NAMED_WALLS.replace("<ids ", f"{declaration}<ids {attributes} ").replace("Ours", title)
    (tmp_path / "ours.ids").write_text(text.replace("URL", url))
    with suppress(InvalidError):
        read_ids(tmp_path / "ours.ids")
    with listener, pytest.raises(BlockingIOError):
        listener.accept()
