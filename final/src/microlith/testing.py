"""Call an ASGI app in a test: no server, no socket, no thread.

An ASGI app is a coroutine that talks through two other coroutines, so a test
can stand where the server stands. `TestClient` does that for whole requests
and `Exchange` for single events; both run the app on `StepLoop`, a loop that
only knows what is ready now and what is due later. When neither is left and
the app still waits, it would wait for ever, and the test fails at once with
`Stuck`.

May import everything below it; nothing in the package imports it.
"""

import asyncio
from collections import deque
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from typing import Any, NoReturn, TypeVar
from urllib.parse import unquote

from pydantic_core import from_json, to_json

from microlith.background import TASK_NAME
from microlith.conversations import StreamSession, WebSocketSession
from microlith.scopes import (
    HeadersInput,
    dict_items,
    lifespan_scope,
    socket_scope,
    split_body,
    with_query,
)
from microlith.steploop import StepLoop, Stuck, new_loop
from microlith.types import ASGIApp, Message, Scope

__all__ = [
    "Exchange",
    "Stuck",
    "TestClient",
    "TestResponse",
    "http_scope",
    "run",
]

T = TypeVar("T")


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run one coroutine to its end on a fresh loop; return its result."""
    loop = new_loop()
    task = loop.create_task(coroutine)
    loop.run_task(task, task.done, "the coroutine to end")
    return task.result()


def http_scope(
    method: str = "GET",
    target: str = "/",
    headers: HeadersInput = (),
    **extra: Any,
) -> Scope:
    """Build the scope of one HTTP request.

    ``target`` is what stands in a request line: an escaped path and perhaps a
    query, ``"/a%20b?x=1"``. ``extra`` adds or replaces scope keys.
    """
    raw_path, _, query = target.partition("?")
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    raw_headers = [
        (n.lower().encode("latin-1"), v.encode("latin-1")) for n, v in pairs
    ]
    if not any(name == b"host" for name, _ in raw_headers):
        raw_headers.insert(0, (b"host", b"testserver"))
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.5"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(raw_path),
        "raw_path": raw_path.encode("ascii"),
        "query_string": query.encode("ascii"),
        "root_path": "",
        "headers": raw_headers,
        "client": ("testclient", 50000),
        "server": ("testserver", 80),
        **extra,
    }


class Exchange:
    """One call of an ASGI app, driven event by event.

    ``put`` gives the app an event to receive, ``take`` returns the next event
    that it sends, ``finish`` waits for the app to return. What the app raises
    is raised by ``take`` and ``finish``.
    """

    __test__ = False

    def __init__(
        self, app: ASGIApp, scope: Scope, loop: StepLoop | None = None
    ) -> None:
        self.loop = new_loop() if loop is None else loop
        self.sent: list[Message] = []
        self._taken = 0
        self._inbox: deque[Message] = deque()
        self._arrival: asyncio.Future[None] | None = None
        self._task: asyncio.Task[None] = self.loop.create_task(
            self._call(app, scope)
        )

    async def _call(self, app: ASGIApp, scope: Scope) -> None:
        """Be the server: hand the app its three arguments."""
        await app(scope, self._receive, self._send)

    async def _receive(self) -> Message:
        """Wait until the test puts an event, then hand it over."""
        while not self._inbox:
            self._arrival = self.loop.create_future()
            await self._arrival
        return self._inbox.popleft()

    async def _send(self, message: Message) -> None:
        """Keep what the app sends."""
        self.sent.append(message)

    def put(self, *events: Message) -> None:
        """Let the app receive these events, in order."""
        self._inbox.extend(events)
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)

    def take(self) -> Message:
        """Run the app until it sends its next event; return that."""
        self.loop.run_task(
            self._task,
            lambda: len(self.sent) > self._taken or self._task.done(),
            "the next event from the app",
        )
        if len(self.sent) == self._taken:
            self._ended_early()
        self._taken += 1
        return self.sent[self._taken - 1]

    def finish(self) -> None:
        """Run the app until it returns; raise what it raises."""
        self.loop.run_task(self._task, self._task.done, "the app to return")
        self._task.result()

    def _ended_early(self) -> NoReturn:
        """Explain why there is no next event."""
        self._task.result()
        raise AssertionError(
            f"The app returned after {len(self.sent)} events; "
            "the test wanted one more."
        )


class TestResponse:
    """What the app answered: status, headers and the whole body."""

    __test__ = False

    def __init__(self, messages: list[Message]) -> None:
        self.messages = messages
        started = [m for m in messages if m["type"] == "http.response.start"]
        assert started, (
            f"The app sent no http.response.start, only {messages!r}."
        )
        assert len(started) == 1, "The app sent http.response.start twice."
        self.status_code: int = started[0]["status"]
        self.raw_headers: list[tuple[bytes, bytes]] = list(
            started[0]["headers"]
        )
        self.content: bytes = b"".join(m.get("body", b"") for m in messages)

    @property
    def headers(self) -> dict[str, str]:
        """The headers by lower-case name; repeated ones joined by a comma."""
        return {
            name.decode("latin-1"): ", ".join(
                self.getlist(name.decode("latin-1"))
            )
            for name, _ in self.raw_headers
        }

    def getlist(self, name: str) -> list[str]:
        """Every value of one header, in order."""
        key = name.lower().encode("latin-1")
        return [v.decode("latin-1") for n, v in self.raw_headers if n == key]

    @property
    def text(self) -> str:
        """The body, decoded as UTF-8."""
        return self.content.decode()

    def json(self) -> Any:
        """Parse the body as JSON."""
        return from_json(self.content)

    def __repr__(self) -> str:
        return f"<TestResponse {self.status_code} {self.content[:60]!r}>"


class TestClient:
    """Send requests to an ASGI app in process, like a small httpx client.

    ``headers`` go with every request; ``scope`` keys replace those of
    `http_scope` (``root_path``, ``client``, …). In a ``with`` block the app is
    started before the first request and stopped at the end, on one loop::

        with TestClient(app) as client:
            assert client.get("/").status_code == 200
    """

    __test__ = False

    def __init__(
        self, app: ASGIApp, headers: HeadersInput = (), **scope: Any
    ) -> None:
        self.app = app
        self.headers = dict(headers)
        self.scope = scope
        self.loop = new_loop()
        self.state: dict[str, Any] = {}
        self._life: Exchange | None = None

    def __enter__(self) -> "TestClient":
        """Start the app; raise AssertionError when it reports a failure."""
        self.state.clear()
        life = Exchange(self.app, lifespan_scope(self.state), self.loop)
        life.put({"type": "lifespan.startup"})
        answer = life.take()
        if answer["type"] != "lifespan.startup.complete":
            life.finish()
        expect(answer, "lifespan.startup.complete")
        self._life = life
        return self

    def __exit__(self, *exc_info: object) -> None:
        """Stop the app; raise AssertionError when it reports a failure."""
        life, self._life = self._life, None
        if life is not None:
            life.put({"type": "lifespan.shutdown"})
            answer = life.take()
            life.finish()
            expect(answer, "lifespan.shutdown.complete")

    def request(
        self,
        method: str,
        target: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: HeadersInput = (),
        content: bytes | str | Iterable[bytes] = b"",
        json: Any = None,
    ) -> TestResponse:
        """Send one request and return the complete answer.

        ``content`` is the body: bytes, text, or an iterable of the chunks in
        which it arrives. ``json`` is encoded, with its Content-Type. When it
        returns, background tasks have run. Raises whatever the app lets out.
        """
        exchange = self._ask(method, target, params, headers, content, json)
        message = exchange.take()
        while message["type"] != "http.response.body" or message.get(
            "more_body"
        ):
            message = exchange.take()
        exchange.put({"type": "http.disconnect"})
        exchange.finish()
        while not self._is_quiet() and self.loop.step():
            continue
        return TestResponse(exchange.sent)

    def stream(
        self,
        method: str,
        target: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: HeadersInput = (),
        content: bytes | str | Iterable[bytes] = b"",
        json: Any = None,
    ) -> StreamSession:
        """Send one request; return the answer as soon as it has started.

        For a ``with`` block, whose end before the answer's is a client that
        goes away.
        """
        exchange = self._ask(method, target, params, headers, content, json)
        return StreamSession(exchange)

    def websocket(
        self,
        target: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: HeadersInput = (),
        subprotocols: Sequence[str] = (),
    ) -> WebSocketSession:
        """Open a WebSocket; for a ``with`` block, whose end closes it.

        Raises `SocketRefused` when the app does not accept it.
        """
        sent = [*self.headers.items(), *dict_items(headers)]
        target = with_query(target, params)
        scope = socket_scope(http_scope("GET", target, sent), subprotocols)
        return WebSocketSession(self._call({**scope, **self.scope}))

    def _ask(
        self,
        method: str,
        target: str,
        params: Mapping[str, Any] | None,
        headers: HeadersInput,
        content: bytes | str | Iterable[bytes],
        json: Any,
    ) -> Exchange:
        """Call the app with one request, its whole body put in."""
        sent = [*self.headers.items(), *dict_items(headers)]
        if json is not None:
            content = to_json(json)
            sent.append(("content-type", "application/json"))
        chunks = split_body(content)
        names = {name.lower() for name, _ in sent}
        if chunks != [b""] and not names & {
            "content-length",
            "transfer-encoding",
        }:
            sent.append(("content-length", str(sum(map(len, chunks)))))
        target = with_query(target, params)
        exchange = self._call(http_scope(method, target, sent, **self.scope))
        last = len(chunks) - 1
        for index, chunk in enumerate(chunks):
            more = index < last
            exchange.put(
                {"type": "http.request", "body": chunk, "more_body": more}
            )
        return exchange

    def _call(self, scope: Scope) -> Exchange:
        """Call the app; inside a ``with`` block it gets the server's state."""
        if self._life is not None:
            scope["state"] = dict(self.state)
        return Exchange(self.app, scope, self.loop)

    def _is_quiet(self) -> bool:
        """Whether no background task is left to run."""
        tasks = asyncio.all_tasks(self.loop)
        return all(task.get_name() != TASK_NAME for task in tasks)

    def get(self, target: str, **options: Any) -> TestResponse:
        """Send a GET request; the options are those of `request`."""
        return self.request("GET", target, **options)

    def head(self, target: str, **options: Any) -> TestResponse:
        """Send a HEAD request."""
        return self.request("HEAD", target, **options)

    def options(self, target: str, **options: Any) -> TestResponse:
        """Send an OPTIONS request."""
        return self.request("OPTIONS", target, **options)

    def post(self, target: str, **options: Any) -> TestResponse:
        """Send a POST request."""
        return self.request("POST", target, **options)

    def put(self, target: str, **options: Any) -> TestResponse:
        """Send a PUT request."""
        return self.request("PUT", target, **options)

    def patch(self, target: str, **options: Any) -> TestResponse:
        """Send a PATCH request."""
        return self.request("PATCH", target, **options)

    def delete(self, target: str, **options: Any) -> TestResponse:
        """Send a DELETE request."""
        return self.request("DELETE", target, **options)


def expect(message: Message, kind: str) -> None:
    """Raise AssertionError unless an event is of this kind."""
    if message["type"] != kind:
        raise AssertionError(
            f"The app answered {message['type']}: {message.get('message')}"
        )
