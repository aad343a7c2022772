"""Runs an ASGI app once and writes down what it says to the server.

Started as a program inside a composed stage, so it uses the standard library only
and must not import the book's tools. The recorder itself is `Recorder.watch`.
"""

from __future__ import annotations

import asyncio
import dis
import importlib.util
import json
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from types import CodeType, FrameType
from typing import Any
from urllib.parse import unquote

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]
ANONYMOUS = ("<module>", "<lambda>", "<listcomp>", "<genexpr>")


class Recorder:
    """Keeps the events in order, with who spoke to whom."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.events: list[dict[str, str]] = []
        self.stack: list[tuple[FrameType, str]] = []
        self.skip: CodeType | None = None

    def note(self, kind: str, source: str, target: str, text: str) -> None:
        """Write one event down."""
        self.events.append({"kind": kind, "from": source, "to": target, "text": text})

    async def watch(
        self, app: App, scope: Message, receive: Receive, send: Send
    ) -> None:
        """Call the app and write down everything that passes."""

        async def told() -> Message:
            message = await receive()
            self.note("receive", "server", "app", describe(message))
            return message

        async def said(message: Message) -> None:
            self.note("send", "app", "server", describe(message))
            await send(message)

        self.note("scope", "server", "app", describe_scope(scope))
        try:
            await app(scope, told, said)
        except Exception as error:
            self.note("raise", "app", "server", f"raises {type(error).__name__}")
        else:
            self.note("return", "app", "server", "returns")

    def profile(self, frame: FrameType, event: str, _: object) -> None:
        """Follow the functions of the traced file, once a call."""
        code = frame.f_code
        if code.co_filename != self.file or code is self.skip:
            return
        if code.co_name in ANONYMOUS:
            return
        open_frames = [entry[0] for entry in self.stack]
        if event == "call" and frame not in open_frames:
            caller = self.stack[-1][1] if self.stack else "app"
            self.stack.append((frame, code.co_name))
            self.note("call", caller, code.co_name, "calls")
        elif event == "return" and frame in open_frames and not suspended(frame):
            self.stack.remove((frame, code.co_name))
            caller = self.stack[-1][1] if self.stack else "app"
            kind = "return" if operation(frame).startswith("RETURN") else "raise"
            self.note(kind, code.co_name, caller, f"{kind}s")


def operation(frame: FrameType) -> str:
    """Name what a frame did last."""
    return dis.opname[frame.f_code.co_code[frame.f_lasti]]


def suspended(frame: FrameType) -> bool:
    """Tell a suspension from an end, which profilers report alike."""
    # Python 3.13 already points at the RESUME that comes next.
    return operation(frame) in ("YIELD_VALUE", "RESUME")


def describe_scope(scope: Message) -> str:
    """Say what is asked for."""
    if scope["type"] == "lifespan":
        return "lifespan"
    query = scope["query_string"].decode()
    target = scope["path"] + (f"?{query}" if query else "")
    return f"{scope['type']} {scope.get('method', '')} {target}".replace("  ", " ")


def describe(message: Message) -> str:
    """Say in a few words what a message holds."""
    text = str(message["type"])
    if "status" in message:
        text += f" {message['status']}"
    body = message.get("body", message.get("bytes"))
    if isinstance(body, bytes):
        text += f", {len(body)} bytes"
    if isinstance(message.get("text"), str):
        text += f" {message['text']!r}"
    if message.get("more_body"):
        text += ", more follows"
    if "code" in message:
        text += f" {message['code']}"
    return text


def make_scope(order: dict[str, Any]) -> Message:
    """Build the scope that a server would make of the request."""
    if order["method"] == "LIFESPAN":
        return {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
    path, _, query = order["target"].partition("?")
    pairs = [header.partition(":") for header in order["headers"]]
    headers = [(b"host", b"127.0.0.1:8000")]
    headers += [(k.strip().lower().encode(), v.strip().encode()) for k, _, v in pairs]
    body = "".join(order["bodies"]).encode()
    if body and not any(name == b"content-length" for name, _ in headers):
        headers.append((b"content-length", str(len(body)).encode()))
    socket = order["method"] == "WEBSOCKET"
    scope: Message = {
        "type": "websocket" if socket else "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "ws" if socket else "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }
    if socket:
        scope["subprotocols"] = []
    else:
        scope["method"] = order["method"]
    return scope


def make_inbox(order: dict[str, Any]) -> list[Message]:
    """List what the server has to say, in order."""
    if order["method"] == "LIFESPAN":
        return [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    if order["method"] == "WEBSOCKET":
        texts = [
            {"type": "websocket.receive", "text": text} for text in order["messages"]
        ]
        end: Message = {"type": "websocket.disconnect", "code": 1000}
        return [{"type": "websocket.connect"}, *texts, end]
    bodies = order["bodies"] or [""]
    return [
        {
            "type": "http.request",
            "body": body.encode(),
            "more_body": number < len(bodies),
        }
        for number, body in enumerate(bodies, start=1)
    ]


async def run(order: dict[str, Any], app: App, recorder: Recorder) -> None:
    """Drive the app through one scope."""
    inbox = make_inbox(order)
    complete = asyncio.Event()

    async def receive() -> Message:
        if inbox:
            return inbox.pop(0)
        await complete.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body" and not message.get("more_body"):
            complete.set()

    if order["calls"]:
        sys.setprofile(recorder.profile)
    try:
        await recorder.watch(app, make_scope(order), receive, send)
    finally:
        sys.setprofile(None)


def load(file: Path) -> App:
    """Import the traced file and take its `app`."""
    sys.path.insert(0, str(file.parent))
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[file.stem] = module
    spec.loader.exec_module(module)
    if not hasattr(module, "app"):
        raise SystemExit(f"{file.name} makes no `app`; call the application app")
    app: App = module.app
    return app


def main() -> None:
    """Read the order, run the app, write the answer."""
    order = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    file = Path(order["file"]).resolve()
    app = load(file)
    recorder = Recorder(str(file))
    recorder.skip = getattr(app, "__code__", None)
    asyncio.run(asyncio.wait_for(run(order, app, recorder), 60))
    answer = {"events": recorder.events}
    Path(order["answer"]).write_text(json.dumps(answer), "utf-8")


if __name__ == "__main__":
    main()
