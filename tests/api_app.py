"""The HTTP application without servers behind it, for what can be told of it without asking any."""

from pydantic import SecretStr

from arxos.app.bootstrap import Runtime, start
from arxos.app.settings import Settings


def unconnected() -> Runtime:
    """A runtime whose addresses lead nowhere: nothing connects before the first use."""
    settings = Settings(
        database_url="postgresql://",
        broker_url="redis://127.0.0.1:1",
        cache_url="redis://127.0.0.1:1",
        blob_url="file:///dev/null",
        jwt_secret=SecretStr("x" * 32),
    )
    return start(settings)
