"""What many models share: fields, and what their examples are made of."""

from typing import Annotated

from pydantic import Field

SOME_ID = "0192f3c8-0000-7000-8000-000000000000"
MOMENT = "2026-11-25T08:30:00Z"
LATER = "2026-11-25T08:40:00Z"
FINGERPRINT = "1eef7d5d5fe5"
SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

NextCursor = Annotated[
    str | None,
    Field(
        description="where the next page begins; null: this is the last one",
        examples=["WyIwMTkyZjNjOC0wMDAwLTcwMDAtODAwMC0wMDAwMDAwMDAwMDAiXQ"],
    ),
]
GlobalId = Annotated[str, Field(description="the source's own identifier", examples=["2O2Fr$t4X7Zf8NOew3FLOH"])]
