"""How the server is set up. It travels to the processes that serve."""

from functools import cached_property
from typing import Any

from uvicorn import Config

from arxos.api.serving.crowd import Bounds, Crowd


class ServerConfig(Config):
    """uvicorn's, with bounds on connections."""

    def __init__(self, *args: Any, bounds: Bounds, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.bounds = bounds

    @cached_property
    def crowd(self) -> Crowd[Any]:
        """The connections of this process: made in it, at the first one."""
        return Crowd(self.bounds)
