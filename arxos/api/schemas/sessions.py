"""Sessions at the console, and families of refresh tokens."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from arxos.api.schemas.shared import MOMENT, SOME_ID, NextCursor
from arxos.domain.access import Role
from arxos.storage.console_sessions import Session
from arxos.storage.refresh_tokens import Family


class SessionView(BaseModel):
    """Somebody who is signed in at the console."""

    id: UUID = Field(description="by this it can be ended", examples=[SOME_ID])
    subject: str = Field(description="who", examples=["ada"])
    role: Role = Field(description="what they may do", examples=["admin"])
    source: str | None = Field(description="from where they signed in", examples=["console@10.0.0.7"])
    token_id: str = Field(description="the `jti` of the token that opened it: it ends with that", examples=[SOME_ID])
    started_at: datetime = Field(description="when they signed in", examples=[MOMENT])
    seen_at: datetime = Field(description="when they were last seen, give or take a minute", examples=[MOMENT])
    expires_at: datetime = Field(description="when it ends by itself", examples=[MOMENT])

    @classmethod
    def of(cls, session: Session) -> "SessionView":
        """As callers see it."""
        return cls(**{name: getattr(session, name) for name in cls.model_fields})


class SessionList(BaseModel):
    """A page of sessions."""

    items: list[SessionView] = Field(description="in the order of their ids")
    next_cursor: NextCursor = None


class FamilyView(BaseModel):
    """Refresh tokens that followed each other."""

    id: UUID = Field(description="by this it can be ended", examples=[SOME_ID])
    subject: str = Field(description="whose", examples=["shop"])
    role: Role = Field(description="what its tokens allow", examples=["editor"])
    started_at: datetime = Field(description="when the first was given", examples=[MOMENT])
    refreshed_at: datetime = Field(description="when the latest was given", examples=[MOMENT])
    expires_at: datetime = Field(description="when it ends by itself", examples=[MOMENT])

    @classmethod
    def of(cls, family: Family) -> "FamilyView":
        """As callers see it."""
        return cls(**{name: getattr(family, name) for name in cls.model_fields})


class FamilyList(BaseModel):
    """A page of families."""

    items: list[FamilyView] = Field(description="in the order of their ids")
    next_cursor: NextCursor = None
