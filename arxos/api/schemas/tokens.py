"""Tokens."""

from datetime import datetime
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from arxos.api.schemas.shared import SOME_ID

REFRESH_TOKEN = "3q2-7wXkV0c9uJm1bT5yLhQ8sZrPn4eKdFgA6iOoEtU"  # noqa: S105 - nobody ever had it


class Refresh(BaseModel):
    """A refresh token, to be used up."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    refresh_token: str = Field(
        min_length=20,
        max_length=500,
        description="as `arxos token --refresh` or this call gave it",
        examples=[REFRESH_TOKEN],
    )


class Tokens(BaseModel):
    """A short-lived token, and what the next one is had for."""

    access_token: str = Field(description="for the header Authorization: a JWT", examples=["eyJhbGciOi…"])
    token_type: str = Field(default="Bearer", description="what stands before it there", examples=["Bearer"])
    expires_in: int = Field(description="for how many seconds it is good", examples=[900])
    refresh_token: str = Field(
        description="good once, as long as the first of its family was to be", examples=[REFRESH_TOKEN]
    )


class Revocation(BaseModel):
    """Which token. Without a name: the one that the request bears."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    jti: str | None = Field(default=None, min_length=1, max_length=200, description="its `jti`", examples=[SOME_ID])
    reason: str | None = Field(
        default=None, max_length=1000, description="recorded with the act", examples=["it was in a log"]
    )


class SubjectToEnd(BaseModel):
    """Whose everything. Without a name: the caller's."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    subject: str | None = Field(default=None, min_length=1, max_length=200, description="who", examples=["ada"])
    reason: str | None = Field(
        default=None, max_length=1000, description="recorded with the act", examples=["a laptop was lost"]
    )


class EndedSubject(BaseModel):
    """What was ended."""

    sessions: int = Field(description="at the console", examples=[1])
    families: int = Field(description="of refresh tokens", examples=[2])
    tokens_until: datetime = Field(
        description="tokens issued up to then open nothing", examples=["2026-11-25T08:00:30Z"]
    )
