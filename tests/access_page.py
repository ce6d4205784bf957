"""`docs/access.md`: permissions, and what each call needs, from the code. `python -m tests.access_page` writes it."""

from pathlib import Path

from arxos.api.main import create_app
from arxos.app.access import PERMISSIONS, Permission
from arxos.app.tokens import Role
from tests.api_app import unconnected
from tests.api_calls import calls_of

PAGE = Path(__file__).resolve().parents[1] / "docs" / "access.md"
BEGIN, END = "<!-- made from the code -->\n", "<!-- until here -->\n"


def tables() -> str:
    """Permissions by role, and calls by permission."""
    lines = ["| permission | " + " | ".join(Role) + " |", "|---|" + "---|" * len(Role)]
    for permission in Permission:
        marks = ["✓" if permission in PERMISSIONS[role] else "" for role in Role]
        lines.append(f"| {permission} | " + " | ".join(marks) + " |")
    lines += ["", "| call | needs |", "|---|---|"]
    lines += [f"| `{call.name}` | {call.permission or 'nothing'} |" for call in calls_of(create_app(unconnected()))]
    return "\n".join(lines) + "\n"


def page(written: str) -> str:
    """The page with its tables anew."""
    before, _, rest = written.partition(BEGIN)
    return before + BEGIN + "\n" + tables() + "\n" + END + rest.partition(END)[2]


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text()))
