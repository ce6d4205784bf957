"""`python -m tests.console_pictures FOLDER`: pictures of every page of the console, from a system of its own."""

import os
import sys
from pathlib import Path
from typing import Literal

from tests.console_life import browser, life, signed_in
from tests.running import variables
from tests.servers import RUN_VARIABLE, find_or_start, stop_started

ROOT = Path(__file__).resolve().parents[1]
Scheme = Literal["light", "dark"]
LOOKS: tuple[tuple[str, int, int, Scheme], ...] = (  # suffix, width, height: at least, or on a phone just so
    ("", 1600, 1000, "light"),
    ("-dark", 1600, 1000, "dark"),
    ("-phone", 390, 1300, "dark"),
)


def main(target: Path) -> None:
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
                page = signed_in(context, lived.api)
                for path in lived.pages:
                    page.goto(f"{lived.api.url}/console/{path}")
                    page.wait_for_load_state("networkidle")
                    name = path.split("/")[0].rstrip("s") if "/" in path else path
                    page.screenshot(path=target / f"{name}{suffix}.png", full_page=suffix != "-phone")
                context.close()
    finally:
        stop_started(run)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
