"""Webhooks."""

from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from arxos.domain.jobs.webhooks import URL_LIMIT, Webhook


class NewWebhook(BaseModel):
    """An address to tell of jobs that are over."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    url: str = Field(max_length=URL_LIMIT, description="http or https", examples=["https://shop.example/arxos"])
    description: str | None = Field(default=None, max_length=200, description="for people")


class WebhookView(BaseModel):
    """An address that is told."""

    id: UUID
    url: str
    owner: str = Field(description="who may name it in jobs")
    description: str | None
    created_at: datetime
    disabled_at: datetime | None = Field(description="since when nobody is told there")
    disabled_by: str | None

    @classmethod
    def of(cls, webhook: Webhook) -> Self:
        """As callers see it."""
        return cls.model_validate({name: getattr(webhook, name) for name in WebhookView.model_fields})


class WebhookWithSecret(WebhookView):
    """With what its receiver checks signatures by."""

    secret: str = Field(description="for the receiver; it is derived anew whenever it is asked for")


class WebhookList(BaseModel):
    """The newest first."""

    items: list[WebhookView]
    next_cursor: str | None = None
