"""Pages of `docs/` that are written by hand but for a part that is made from the code."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).resolve().parents[1] / "docs"
BEGIN, END = "<!-- made from the code -->\n", "<!-- until here -->\n"


@dataclass(frozen=True, slots=True)
class MarkedPage:
    """`made`: what stands between the marks."""

    name: str
    made: Callable[[], str]

    @property
    def written(self) -> str:
        """As it stands."""
        return (DOCS / self.name).read_text()

    @property
    def right(self) -> str:
        """As it should."""
        before, _, rest = self.written.partition(BEGIN)
        return before + BEGIN + "\n" + self.made() + "\n" + END + rest.partition(END)[2]

    def write(self) -> None:
        """Make it right."""
        (DOCS / self.name).write_text(self.right)
