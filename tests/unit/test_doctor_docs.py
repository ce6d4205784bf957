"""The table in docs/doctor.md is the catalogue."""

import re
from pathlib import Path

from arxos.doctor.catalogue import catalogue

TABLE = Path(__file__).resolve().parents[2] / "docs" / "doctor.md"
ROW = re.compile(r"^\| `(?P<id>[a-z_.]+)` \| (?P<worst>\w+) \| (?P<when>.+) \| (?P<advice>.+) \|$", re.MULTILINE)


def test_every_finding_is_explained_with_the_worst_that_it_says() -> None:
    rows = [(row["id"], row["worst"]) for row in ROW.finditer(TABLE.read_text())]
    assert dict(rows) == {check: severity.value for check, severity in catalogue().items()}
    assert len(rows) == len(dict(rows))
