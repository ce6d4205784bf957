"""`python -m tests.console_pictures`: `docs/console/`, a picture of every page, from a system of its own.

With a folder's name: there, and every page in each look, whole.
"""

import os
import sys
from pathlib import Path
from typing import Literal

from tests.console_life import browser, life, signed_in
from tests.running import variables
from tests.servers import RUN_VARIABLE, find_or_start, stop_started

ROOT = Path(__file__).resolve().parents[1]
Scheme = Literal["light", "dark"]
DOCS = ROOT / "docs" / "console"
LOOKS: tuple[tuple[str, int, int, Scheme], ...] = (  # suffix, width, height
    ("", 1280, 860, "light"),
    ("-dark", 1280, 860, "dark"),
    ("-phone", 390, 860, "dark"),
)
IN_EVERY_LOOK = ("overview", "building")  # of `docs/console/`


def main(target: Path, *, whole: bool) -> None:
    """Take them all."""
    run = ROOT / ".local" / "tests" / str(os.getpid())  # named so: its servers end with this process
    os.environ[RUN_VARIABLE] = str(run)
    servers = find_or_start(run)
    try:
        database = servers.create_database("arxos_pictures")
        from arxos.storage.migrations import migrate  # noqa: PLC0415 - with all of Alembic

        migrate(database)
        with life(variables(database, servers.redis_database(0), run), run) as lived, browser() as found:
            target.mkdir(parents=True, exist_ok=True)
            for suffix, width, height, scheme in LOOKS:
                size = {"width": width, "height": height}
                context = found.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
                for name, path in lived.pages.items():
                    if whole or not suffix or name in IN_EVERY_LOOK:
                        page = context.pages[0] if context.pages else signed_in(context, lived.api)
                        page.goto(f"{lived.api.url}/console/{path}")
                        page.wait_for_load_state("networkidle")
                        page.screenshot(path=target / f"{name}{suffix}.png", full_page=whole)
                context.close()
    finally:
        stop_started(run)


if __name__ == "__main__":
    main(Path(sys.argv[1]), whole=True) if sys.argv[1:] else main(DOCS, whole=False)
