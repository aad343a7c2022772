"""Recorded runs and traces: made, normalised, compared, drawn."""

from __future__ import annotations

from json import loads
from typing import Any

import pytest

from tools.book.check import Checker, record
from tools.book.diagram import Event, sequence, text_equivalent
from tools.book.errors import BookError
from tools.book.normalise import normalise

CHAPTER = "docs/stages/02-requests.md"
GREETING = "docs/recordings/02-requests/greet.txt"
SERVED = """\
@@run [served] file=shop.py serve=shop:app log=yes curl -s http://127.0.0.1:8000/x
    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            raise NotImplementedError
        print("served", scope["path"], flush=True)
        port = str(scope["server"][1]).encode()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"at :" + port + b"\\n"})
"""


def replace_run(book: Any, text: str) -> None:
    """Put other directives in the place of the chapter's run."""
    before, found, rest = book.read(CHAPTER).partition("@@hints")
    assert found
    before = before.partition("@@run")[0].partition("@@trace")[0]
    book.write(CHAPTER, f"{before}{text}\n\n@@hints{rest}")


def run_record(book: Any) -> tuple[int, str]:
    """Record chapter 2 and return failures and messages."""
    said: list[str] = []
    failed = record(book.project, ["02-requests"], say=said.append)
    return failed, "\n".join(said)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("3 passed in 0.12s", "3 passed in … s"),
        ("at 2026-11-21T05:20:59Z", "at 2026-01-01T00:00:00Z"),
        ("2026-11-21 05:20:59,123 x", "2026-01-01 00:00:00 x"),
        ("date: Sat, 21 Nov 2026 05:20:59 GMT", "date: Thu, 01 Jan 2026 00:00:00 GMT"),
        ("<A object at 0x7fb0477c6f90>", "<A object at 0x…>"),
        ("/tmp/q/stage/demo.py", "demo.py"),
        ("in /tmp/q/stage", "in ."),
        ("../../tmp/q/stage/mine/a.py:3", "mine/a.py:3"),
        ("/usr/lib/python3.12/asyncio/x.py", "lib/python3/asyncio/x.py"),
        ("127.0.0.1:43117 and 127.0.0.1:8000", "127.0.0.1:… and 127.0.0.1:8000"),
        ("    f(x)\n    ~^^^\nE", "    f(x)\nE"),
        ("took 3.25 ms", "took … ms"),
        ("Started server process [812]", "Started server process […]"),
        ("\x1b[31mred\x1b[0m  ", "red"),
        ("price 3.25, 0x10, 2026", "price 3.25, 0x10, 2026"),
    ],
)
def test_output_is_the_same_everywhere(text: str, same: str) -> None:
    """What differs between runs goes, what a reader needs stays."""
    assert normalise(text, ["/tmp/q/stage"]) == same + "\n"


def test_a_run_is_stored_and_shown_escaped(recorded: Any) -> None:
    """Output with markup stays text."""
    assert "Hello, <b>Ada & Bob</b>!" in recorded.read(GREETING)
    text = recorded.read(CHAPTER).split("\n\n")
    block = next(part for part in text if part.startswith("@@run"))
    html = recorded.render(block, 2)
    assert "Hello, &lt;b&gt;Ada &amp; Bob&lt;/b&gt;!" in html
    assert "<b>" not in html


def test_a_missing_recording_stops_the_page(book: Any) -> None:
    """The message says which command makes it."""
    with pytest.raises(BookError, match=r"greet\.txt is missing; run .*record 02-req"):
        book.render("@@run [greet] echo hi", 2)


@pytest.mark.parametrize("text", ["@@run [greet] echo other", "@@run [greet] true"])
def test_a_recording_of_another_command_stops_the_page(
    recorded: Any, text: str
) -> None:
    """A changed command or script asks for a new recording."""
    with pytest.raises(BookError, match="is of another command or script"):
        recorded.render(text, 2)


def test_a_stale_recording_is_found(recorded: Any) -> None:
    """Fresh ones pass; one whose code or text changed does not."""
    checker = Checker(recorded.project)
    assert checker.stale() == []
    recorded.edit(GREETING, "Hello", "Hallo")
    (fault,) = Checker(recorded.project).stale()
    assert "greet.txt is stale" in fault
    assert "+Hello" in fault


def test_a_failing_command_is_not_recorded(book: Any) -> None:
    """Unless the page says that it fails."""
    replace_run(book, "@@run [bad] python\n    raise SystemExit('no')\n")
    failed, said = run_record(book)
    assert failed == 1
    assert "ended with 1; add expect=fail" in said
    replace_run(book, "@@run [bad] echo fine")
    book.edit(CHAPTER, "@@run [bad]", "@@run [bad] expect=fail")
    failed, said = run_record(book)
    assert "ended with 0; remove expect=fail" in said
    book.edit(CHAPTER, "echo fine", "sh -c 'echo oh; exit 3'")
    assert run_record(book)[0] == 0
    assert "oh" in book.read("docs/recordings/02-requests/bad.txt")


def test_a_long_output_can_be_cut(book: Any) -> None:
    """The page says how much it leaves out."""
    replace_run(book, "@@run [long] tail=2 seq 9")
    assert run_record(book)[0] == 0
    html = book.render("@@run [long] tail=2 seq 9", 2)
    assert "earlier lines not shown" in html
    assert "8\n9\n" in html
    assert 'data-copy="seq 9"' in html


def test_a_server_is_started_and_stopped(book: Any) -> None:
    """The page shows port 8000 whichever was free."""
    replace_run(book, SERVED)
    assert run_record(book) == (0, "new  docs/recordings/02-requests/served.txt")
    text = book.read("docs/recordings/02-requests/served.txt")
    assert "at :8000" in text
    assert "server log:\nserved /x" in text


def test_make_goals_go_to_the_ladder(book: Any) -> None:
    """A reader's red start can be shown; `mine` is a folder of the run."""
    text = "@@run [red] expect=fail make start 2 && make test-stage 2 DIR=mine"
    replace_run(book, f"{text}\n\n@@run [green] make test-stage 2")
    assert run_record(book)[0] == 0
    red = book.read("docs/recordings/02-requests/red.txt")
    assert "build Request" in red
    assert str(book.root) not in red
    assert "/stage/" not in red
    green = book.read("docs/recordings/02-requests/green.txt")
    assert "3 passed" in green
    assert not book.path("mine").exists()
    assert Checker(book.project, ["02-requests"]).stale() == []


def test_ids_are_unique_and_well_formed(recorded: Any) -> None:
    """Two runs cannot share a recording."""
    block = next(
        part
        for part in recorded.read(CHAPTER).split("\n\n")
        if part.startswith("@@run")
    )
    with pytest.raises(BookError, match=r"the id \[greet\.txt\] is used above"):
        recorded.render(f"{block}\n\n{block}", 2)
    with pytest.raises(BookError, match="an id is made of"):
        recorded.render("@@run [A b] echo", 2)


def test_only_what_is_missing_can_be_recorded(recorded: Any) -> None:
    """Nothing runs again that is there."""
    said: list[str] = []
    assert record(recorded.project, missing=True, say=said.append) == 0
    assert said == []


def test_a_trace_follows_the_functions_of_its_file(book: Any) -> None:
    """A suspension is no return; the app itself is no lane of its own."""
    replace_run(
        book,
        """\
@@trace [calls] POST /x?a=1 body=ab body=c header="x-a: 1"
    import asyncio

    async def handler(receive):
        await asyncio.sleep(0)
        while (await receive())["more_body"]:
            pass
        return shape()

    def shape():
        return b"ok"

    async def app(scope, receive, send):
        body = await handler(receive)
        await send({"type": "http.response.start", "status": 201, "headers": []})
        await send({"type": "http.response.body", "body": body})
""",
    )
    assert run_record(book)[0] == 0
    events = loads(book.read("docs/recordings/02-requests/calls.json"))["events"]
    assert [(e["kind"], e["from"], e["to"]) for e in events] == [
        ("scope", "server", "app"),
        ("call", "app", "handler"),
        ("receive", "server", "app"),
        ("receive", "server", "app"),
        ("call", "handler", "shape"),
        ("return", "shape", "handler"),
        ("return", "handler", "app"),
        ("send", "app", "server"),
        ("send", "app", "server"),
        ("return", "app", "server"),
    ]
    assert events[2]["text"] == "http.request, 2 bytes, more follows"
    assert events[7]["text"] == "http.response.start 201"


def test_a_trace_shows_where_an_exception_passes(book: Any) -> None:
    """A function that raises does not return, nor does the one that awaits it."""
    replace_run(
        book,
        """\
@@trace [boom] GET /
    import asyncio

    async def inner():
        await asyncio.sleep(0)
        raise ValueError

    async def outer():
        await inner()

    async def app(scope, receive, send):
        await outer()
""",
    )
    assert run_record(book)[0] == 0
    events = loads(book.read("docs/recordings/02-requests/boom.json"))["events"]
    assert [(e["kind"], e["from"], e["to"]) for e in events[1:]] == [
        ("call", "app", "outer"),
        ("call", "outer", "inner"),
        ("raise", "inner", "outer"),
        ("raise", "outer", "app"),
        ("raise", "app", "server"),
    ]
    assert events[-1]["text"] == "raises ValueError"


def test_a_trace_knows_lifespan_and_sockets(book: Any) -> None:
    """Each kind of scope has its own messages."""
    app = """\
    async def app(scope, receive, send):
        kind = scope["type"]
        while True:
            message = await receive()
            if message["type"] in ("lifespan.shutdown", "websocket.disconnect"):
                return
            if message["type"] == "websocket.receive":
                await send({"type": "websocket.send", "text": message["text"]})
"""
    replace_run(
        book,
        f"@@trace [life] LIFESPAN\n{app}\n"
        f"@@trace [echo] WEBSOCKET /chat message=hi\n{app}",
    )
    assert run_record(book)[0] == 0
    found = {
        name: [
            event["text"]
            for event in loads(book.read(f"docs/recordings/02-requests/{name}.json"))[
                "events"
            ]
        ]
        for name in ("life", "echo")
    }
    assert found == {
        "life": ["lifespan", "lifespan.startup", "lifespan.shutdown", "returns"],
        "echo": [
            "websocket /chat",
            "websocket.connect",
            "websocket.receive 'hi'",
            "websocket.send 'hi'",
            "websocket.disconnect 1000",
            "returns",
        ],
    }


def test_a_drawing_has_title_description_and_text() -> None:
    """All that it says can be read without seeing it."""
    events = [
        Event("scope", "server", "app", "http GET /<b>"),
        Event("call", "app", "handler", "calls"),
        Event("return", "handler", "app", "returns"),
        Event("send", "app", "server", "http.response.start 200"),
    ]
    svg = sequence(events, "A & B", "trace-1")
    assert 'role="img" aria-labelledby="trace-1-title trace-1-desc"' in svg
    assert '<title id="trace-1-title">A &amp; B</title>' in svg
    assert '<desc id="trace-1-desc">1. server → app: scope http GET /&lt;b&gt;.' in svg
    assert "<b>" not in svg
    assert "#" not in svg.replace("&#", "")
    assert text_equivalent(events).count("<li>") == 4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("@@run", "write the command"),
        ("@@run [a] ls\n    print()", "only `python` takes a block"),
        ("@@run [a] file=x.py ls", "file= names the script"),
        ("@@run [a] head=x ls", "must be a number"),
        ("@@run [a] head=1 tail=1 ls", "not both"),
        ("@@run [a] expect=maybe ls", "must be one of ok, fail"),
        ("@@trace [a] GET /", "name a file"),
        ("@@trace [a] demo.py get /", "write the request"),
        ("@@trace [a] demo.py GET", "a request needs a path"),
        ("@@trace [a] demo.py GET / color=red", "unknown option|cannot read"),
    ],
)
def test_a_wrong_recipe_is_refused(book: Any, text: str, message: str) -> None:
    """Before anything runs."""
    with pytest.raises(BookError, match=message):
        book.render(text, 2)
