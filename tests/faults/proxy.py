"""A TCP proxy on loopback that misbehaves when told to: it cuts, delays, goes silent, swallows request or answer."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit, urlunsplit

CLOSING_S = 0.05


@dataclass(eq=False)
class Link:
    """One proxied connection."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    silent: bool = False
    doomed: bool = False  # cut as soon as the server has answered

    def abort(self) -> None:
        """Reset both sides."""
        for writer in (self.client, self.server):
            writer.transport.abort()


@dataclass
class Proxy:
    """Forwards to `host:port` from a port of its own, in a thread of its own."""

    host: str
    port_behind: int
    port: int = 0
    delay_s: float = 0.0
    refusing: bool = False
    silent: bool = False  # new connections, too, are accepted and never answered
    swallow: bytes | None = None
    swallow_request_too: bool = False
    swallowed: int = 0
    links: set[Link] = field(default_factory=set)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._thread.start()
        self._server = self._do(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def url(self, url: str) -> str:
        """The address with this proxy in the server's place."""
        parts = urlsplit(url)
        user = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
        return urlunsplit(parts._replace(netloc=f"{user}127.0.0.1:{self.port}"))

    def cut(self, *, refuse: bool = False) -> int:
        """Reset every connection; how many. `refuse`: and take no new ones until `heal`."""
        self.refusing = refuse
        return int(self._do(self._each(Link.abort)))

    def blackhole(self, *, new_ones: bool = False) -> int:
        """Existing connections stay open but silent, as if the peer vanished; how many. `new_ones`: future ones too."""
        self.silent = new_ones
        return int(self._do(self._each(_silence)))

    def give_up(self) -> int:
        """Reset those that went silent, as a kernel does whose data nobody acknowledges; how many."""
        return int(self._do(self._each(_abort_silent)))

    def delay(self, seconds: float) -> None:
        """Hold every chunk back by so much, each way."""
        self.delay_s = seconds

    def swallow_answer(self, to: bytes) -> None:
        """Once: forward the request that contains `to`, and cut that connection when its answer arrives."""
        self.swallowed, self.swallow, self.swallow_request_too = 0, to, False

    def swallow_request(self, to: bytes) -> None:
        """Once: cut the connection on which a request comes that contains `to`, and forward nothing of it."""
        self.swallowed, self.swallow, self.swallow_request_too = 0, to, True

    def retarget(self, host: str, port: int) -> None:
        """New connections go elsewhere."""
        self.host, self.port_behind = host, port

    def heal(self) -> None:
        """Behave; connections that went silent stay so."""
        self.delay_s, self.refusing, self.silent, self.swallow = 0.0, False, False, None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refusing:
            writer.transport.abort()
            return
        try:
            behind, server = await asyncio.open_connection(self.host, self.port_behind)
        except (OSError, asyncio.CancelledError):  # nobody is there, or the proxy closes meanwhile
            writer.transport.abort()
            return
        link = Link(writer, server, silent=self.silent)
        self.links.add(link)
        with suppress(asyncio.CancelledError):  # the proxy closes
            await asyncio.gather(
                self._pump(reader, server, self._asked, link),
                self._pump(behind, writer, self._answered, link),
            )
        if not link.silent:  # of those the peers are to hear nothing, not even of an end
            self.links.discard(link)

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        passes: Callable[[Link, bytes], bool],
        link: Link,
    ) -> None:
        """Forward until one side ends; a silent link ends nowhere and says nothing."""
        try:
            while chunk := await reader.read(65536):
                if self.delay_s:
                    await asyncio.sleep(self.delay_s)
                if not link.silent and passes(link, chunk):
                    writer.write(chunk)
                    await writer.drain()
        except (OSError, asyncio.CancelledError):
            pass
        if not link.silent:
            link.abort()

    def _asked(self, link: Link, chunk: bytes) -> bool:
        if self.swallow is not None and self.swallow in chunk:
            self.swallow, link.doomed = None, True
            if self.swallow_request_too:
                self.swallowed += 1
                link.abort()
                return False
        return True

    def _answered(self, link: Link, _chunk: bytes) -> bool:
        if link.doomed:
            self.swallowed += 1
            link.abort()
        return not link.doomed

    async def _each(self, act: Callable[[Link], None]) -> int:
        links = list(self.links)
        for link in links:
            act(link)
        return len(links)

    async def _close(self) -> None:
        # Nobody is let in any more, before the server closes: whom a closed server has just accepted, asyncio forgets.
        for listening in self._server.sockets:
            self._loop.remove_reader(listening.fileno())
        await asyncio.sleep(CLOSING_S)
        self._server.close()
        await self._each(Link.abort)
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(CLOSING_S)  # what is aborted is closed a little later

    def _do(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)


def _silence(link: Link) -> None:
    link.silent = True


def _abort_silent(link: Link) -> None:
    if link.silent:
        link.abort()


def proxy_to(url: str) -> Proxy:
    """A proxy, not started yet, to the server of this address."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    return Proxy(parts.hostname, parts.port)
