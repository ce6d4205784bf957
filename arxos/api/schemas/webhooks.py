"""Webhooks."""

from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from arxos.api.schemas.shared import MOMENT, SOME_ID, NextCursor
from arxos.domain.jobs.webhooks import Webhook
from arxos.domain.url_policy import URL_LIMIT


class NewWebhook(BaseModel):
    """An address to tell of jobs that are over."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    url: str = Field(max_length=URL_LIMIT, description="http or https", examples=["https://shop.example/arxos"])
    description: str | None = Field(default=None, max_length=200, description="for people", examples=["tells the shop"])


class WebhookView(BaseModel):
    """An address that is told."""

    id: UUID = Field(description="as jobs name it in `webhook_id`", examples=[SOME_ID])
    url: str = Field(description="where it is told", examples=["https://shop.example/arxos"])
    owner: str = Field(description="who may name it in jobs", examples=["shop"])
    description: str | None = Field(description="for people", examples=["tells the shop"])
    created_at: datetime = Field(description="when it was added", examples=[MOMENT])
    disabled_at: datetime | None = Field(
        description="since when nobody is told there; null: it is told", examples=[MOMENT]
    )
    disabled_by: str | None = Field(
        description="whose doing that is: its receiver's, with the status 410", examples=["receiver: 410 gone"]
    )

    @classmethod
    def of(cls, webhook: Webhook) -> Self:
        """As callers see it."""
        return cls.model_validate({name: getattr(webhook, name) for name in WebhookView.model_fields})


class WebhookWithSecret(WebhookView):
    """With what its receiver checks signatures by."""

    secret: str = Field(
        description="for the receiver; it is derived anew whenever it is asked for",
        examples=["whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="],
    )


class WebhookList(BaseModel):
    """The newest first."""

    items: list[WebhookView] = Field(description="the webhooks of this page")
    next_cursor: NextCursor = None
