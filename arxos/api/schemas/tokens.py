"""Tokens."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field


class Refresh(BaseModel):
    """A refresh token, to be used up."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    refresh_token: str = Field(
        min_length=20, max_length=500, description="as `arxos token --refresh` or this call gave it"
    )


class Tokens(BaseModel):
    """A short-lived token, and what the next one is had for."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - the word, no token
    expires_in: int = Field(description="seconds", examples=[900])
    refresh_token: str = Field(description="good once, as long as the first of its family was to be")


class Revocation(BaseModel):
    """Which token. Without a name: the one that the request bears."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    jti: str | None = Field(default=None, min_length=1, max_length=200, description="its `jti`")
    reason: str | None = Field(default=None, max_length=1000, description="recorded with the act")
