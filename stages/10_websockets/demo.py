"""Stage 10: a chat with rooms.

Run it with ``uvicorn demo:app``, open http://localhost:8000/ in two tabs, and
talk. The page is served by the app itself; the script on it is all the client
that there is.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from typing import Annotated

from microlith import (
    App,
    Depends,
    HTMLResponse,
    Query,
    Unauthorized,
    WebSocket,
    WebSocketDisconnect,
)

app = App(title="Chat", max_message=2000)


class Rooms:
    """Who is in which room."""

    def __init__(self) -> None:
        self.members: defaultdict[str, list[WebSocket]] = defaultdict(list)

    async def say(self, room: str, text: str) -> None:
        """Send a line to everybody in a room who is still there."""
        members = list(self.members.get(room, ()))
        await asyncio.gather(*(send(member, text) for member in members))


async def send(member: WebSocket, text: str) -> None:
    """Send a line; that one has just left is no error."""
    with suppress(WebSocketDisconnect):
        await member.send_text(text)


def open_rooms() -> Iterator[Rooms]:
    """Make the rooms, once for the app."""
    yield Rooms()


def named(name: Annotated[str, Query()] = "") -> str:
    """Say who speaks; before the accept, so that a refusal is a 401."""
    if not name.strip():
        raise Unauthorized("Say who you are: ?name=")
    return name.strip()[:20]


app.provide(Rooms, open_rooms, lifetime="app")


@app.websocket("/rooms/{room}")
async def chat(
    socket: WebSocket,
    room: str,
    name: Annotated[str, Depends(named)],
    rooms: Rooms,
) -> None:
    """Let one visitor talk in a room until they leave."""
    await socket.accept()
    members = rooms.members[room]
    members.append(socket)
    try:
        await rooms.say(room, f"{name} came in")
        async for text in socket.iter_text():
            await rooms.say(room, f"{name}: {text}")
    finally:
        members.remove(socket)
        if not members:
            del rooms.members[room]
        await rooms.say(room, f"{name} left")


@app.get("/rooms")
async def rooms(rooms: Rooms) -> dict[str, int]:
    """Count who is where."""
    return {room: len(found) for room, found in rooms.members.items()}


@app.get("/")
async def page() -> HTMLResponse:
    """Serve the page with the client's script."""
    return HTMLResponse(PAGE)


PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Chat</title>
<style>:root { color-scheme: light dark } li { overflow-wrap: anywhere }
</style>
<form id="enter">
  <label>Name <input id="name" required maxlength="20"></label>
  <label>Room <input id="room" value="lobby" required></label>
  <button>Come in</button>
</form>
<ul id="lines" aria-live="polite"></ul>
<form id="say" hidden>
  <label>Say <input id="text" autocomplete="off" maxlength="500"></label>
  <button>Send</button>
</form>
<script>
  const $ = (id) => document.getElementById(id)
  const show = (text) => {
    const line = document.createElement("li")
    line.textContent = text
    $("lines").append(line)
  }
  let socket
  $("enter").onsubmit = (event) => {
    event.preventDefault()
    if (socket) socket.close()
    const [room, name] = ["room", "name"].map(
      (id) => encodeURIComponent($(id).value))
    const base = location.origin.replace(/^http/, "ws")
    socket = new WebSocket(`${base}/rooms/${room}?name=${name}`)
    socket.onopen = () => { $("say").hidden = false }
    socket.onmessage = (event) => show(event.data)
    socket.onclose = (event) => show(`closed, ${event.code}`)
  }
  $("say").onsubmit = (event) => {
    event.preventDefault()
    socket.send($("text").value)
    $("text").value = ""
  }
</script>
</html>
"""
