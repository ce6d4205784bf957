"""`docs/access.md`: permissions, and what each call needs, from the code. `python -m tests.access_page` writes it."""

from arxos.api.main import create_app
from arxos.app.access import PERMISSIONS, Permission
from arxos.app.tokens import Role
from tests.api_app import unconnected
from tests.api_calls import calls_of
from tests.marked_page import MarkedPage


def tables() -> str:
    """Permissions by role, and calls by permission."""
    lines = ["| permission | " + " | ".join(Role) + " |", "|---|" + "---|" * len(Role)]
    for permission in Permission:
        marks = ["✓" if permission in PERMISSIONS[role] else "" for role in Role]
        lines.append(f"| {permission} | " + " | ".join(marks) + " |")
    lines += ["", "| call | needs |", "|---|---|"]
    lines += [f"| `{call.name}` | {call.permission or 'nothing'} |" for call in calls_of(create_app(unconnected()))]
    return "\n".join(lines) + "\n"


PAGE = MarkedPage("access.md", tables)

if __name__ == "__main__":
    PAGE.write()
