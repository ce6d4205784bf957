"""docs/console.md shows every page of the console, and every picture there is."""

import re
from pathlib import Path

from arxos.api.console.rendering import NAVIGATION

PAGE = Path(__file__).resolve().parents[2] / "docs" / "console.md"


def test_every_page_is_shown_and_no_picture_is_forgotten() -> None:
    shown = set(re.findall(r"\(console/([\w-]+\.png)\)", PAGE.read_text()))
    assert shown == {one.name for one in (PAGE.parent / "console").iterdir()}
    assert shown > {f"{path}.png" for path, _ in NAVIGATION}
    headings = set(re.findall(r"^## (.+)$", PAGE.read_text(), re.MULTILINE))
    assert headings == {title for _, title in NAVIGATION}


def test_every_page_has_a_key_that_the_page_names() -> None:
    script = (PAGE.parents[1] / "arxos/api/console/static/console.js").read_text()
    keys = dict(re.findall(r'(\w): "([\w-]+)"', script))
    assert set(keys.values()) == {path for path, _ in NAVIGATION}
    assert all(f"`{key}`" in PAGE.read_text() for key in keys)
