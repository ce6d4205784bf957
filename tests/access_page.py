"""`docs/access.md`: permissions, needs of calls, rights by kind, from the code. `python -m tests.access_page`."""

from arxos.api.main import create_app
from arxos.domain.access import PERMISSIONS, Permission, Role
from tests import kind_rights
from tests.api_app import unconnected
from tests.api_calls import calls_of
from tests.marked_page import MarkedPage


def tables() -> str:
    """Permissions by role, calls by permission, and who may submit which kind."""
    lines = ["| permission | " + " | ".join(Role) + " |", "|---|" + "---|" * len(Role)]
    for permission in Permission:
        marks = ["✓" if permission in PERMISSIONS[role] else "" for role in Role]
        lines.append(f"| {permission} | " + " | ".join(marks) + " |")
    lines += ["", "| call | needs |", "|---|---|"]
    lines += [f"| `{call.name}` | {call.permission or 'nothing'} |" for call in calls_of(create_app(unconnected()))]
    lines += ["", *kind_rights.table()]
    return "\n".join(lines) + "\n"


PAGE = MarkedPage("access.md", tables)

if __name__ == "__main__":
    PAGE.write()
