"""The notes example: accounts, notes, live updates, mail, and its limits.

Everything runs in process: `TestClient` drives requests, streams and sockets on one
loop, and knows which calls are away in SQLite's thread. Each test has a database of
its own; passwords are hashed as cheaply as scrypt allows.
"""

import json
import mailbox
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import httpx
import pytest

from microlith import App, BackgroundTasks, Depends, WebSocketDisconnect
from microlith.conversations import SocketRefused
from microlith.testing import Exchange, TestClient, http_scope
from microlith.types import ASGIApp, Message, Receive, Scope, Send

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "final/examples"
if str(EXAMPLES) not in sys.path:
    sys.path.append(str(EXAMPLES))

import notes  # noqa: E402
from notes import accounts, application, live, security, texts  # noqa: E402
from notes.mail import Mailer  # noqa: E402
from notes.store import Transaction, transaction  # noqa: E402

PASSWORD = "correct horse"
Headers = dict[str, str]


@pytest.fixture
def settings(tmp_path: Path) -> notes.Settings:
    place = tmp_path / "data"
    return notes.Settings(place / "notes.db", place / "notes.mbox", scrypt_cost=2)


@pytest.fixture
def client(settings: notes.Settings) -> Iterator[TestClient]:
    with TestClient(notes.create_app(settings)) as client:
        yield client


def register(client: TestClient, name: str, prefix: str = "") -> Headers:
    """Register and log in; give the headers that show it."""
    body = {"name": name, "mail": f"{name}@example.org", "password": PASSWORD}
    assert client.post(f"{prefix}/accounts", json=body).status_code == 201
    return log_in(client, name, prefix)


def log_in(client: TestClient, name: str, prefix: str = "") -> Headers:
    answer = client.post(f"{prefix}/tokens", json={"name": name, "password": PASSWORD})
    assert answer.status_code == 201, answer.text
    return {"authorization": f"Bearer {answer.json()['token']}"}


def add(client: TestClient, who: Headers, text: str) -> int:
    answer = client.post("/notes", json={"text": text}, headers=who)
    assert answer.status_code == 201, answer.text
    number: int = answer.json()["id"]
    return number


def listed(client: TestClient, who: Headers) -> list[str]:
    return [note["text"] for note in client.get("/notes", headers=who).json()]


def offers(who: Headers) -> list[str]:
    """What a page offers as subprotocols."""
    token = who["authorization"].removeprefix("Bearer ")
    return ["notes", f"bearer.{token}"]


def mails(settings: notes.Settings) -> list[tuple[str, str]]:
    if not settings.mailbox.exists():
        return []
    box = mailbox.mbox(settings.mailbox)
    try:
        return [(one["To"], one["Subject"]) for one in box]
    finally:
        box.close()


def rows(settings: notes.Settings, sql: str) -> list[Any]:
    connection = sqlite3.connect(settings.database)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


# --- registration ----------------------------------------------------------------


def test_a_new_account_is_201(client: TestClient) -> None:
    body = {"name": "ada", "mail": "ada@example.org", "password": PASSWORD}
    answer = client.post("/accounts", json=body)
    assert answer.status_code == 201
    assert answer.json() == {"id": 1, "name": "ada"}


def test_a_taken_name_is_409(client: TestClient) -> None:
    register(client, "ada")
    body = {"name": "ada", "mail": "other@example.org", "password": PASSWORD}
    answer = client.post("/accounts", json=body)
    assert answer.status_code == 409
    assert answer.json()["detail"] == "The name ada is taken"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "ad"),
        ("name", "Ada"),
        ("name", "ada\n"),
        ("name", "a" * 31),
        ("mail", "nobody"),
        ("mail", "a@b.org, c@d.org"),
        ("mail", "a@b.org\nBcc: c@d.org"),
        ("password", "short"),
        ("password", "x" * 201),
    ],
)
def test_an_unfit_account_is_422_and_names_the_field(
    client: TestClient, field: str, value: str
) -> None:
    body = {"name": "ada", "mail": "ada@example.org", "password": PASSWORD}
    answer = client.post("/accounts", json={**body, field: value})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [error["loc"] for error in answer.json()["errors"]] == [["body", field]]


def test_all_faults_of_an_account_are_told_together(client: TestClient) -> None:
    errors = client.post("/accounts", json={"name": "x"}).json()["errors"]
    assert [error["loc"][-1] for error in errors] == ["name", "mail", "password"]


def test_neither_password_nor_token_is_in_the_database(
    client: TestClient, settings: notes.Settings
) -> None:
    token = register(client, "ada")["authorization"].removeprefix("Bearer ")
    connection = sqlite3.connect(settings.database)
    try:
        dump = "\n".join(connection.iterdump())
    finally:
        connection.close()
    assert "ada@example.org" in dump
    assert PASSWORD not in dump
    assert token not in dump
    assert security.digest(token).hex().upper() in dump.upper()


def test_equal_passwords_have_different_hashes() -> None:
    first, second = (security.hash_password(PASSWORD, 2) for _ in range(2))
    assert first != second
    assert security.is_password(PASSWORD, first)
    assert not security.is_password(PASSWORD + "x", first)


def test_the_usual_cost_of_a_password_is_owasps() -> None:
    found = notes.Settings(Path("x"), Path("y")).scrypt_cost
    assert found >= 2**14
    assert security.NOBODY.startswith(f"{found}:")


# --- tokens ----------------------------------------------------------------------


def test_a_token_says_when_it_expires(client: TestClient) -> None:
    register(client, "ada")
    body = {"name": "ada", "password": PASSWORD}
    answer = client.post("/tokens", json=body).json()
    assert set(answer) == {"token", "expires"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", answer["expires"])


@pytest.mark.parametrize("name", ["ada", "nobody"])
def test_a_wrong_password_and_an_unknown_name_are_the_same_401(
    client: TestClient, name: str
) -> None:
    register(client, "ada")
    answer = client.post("/tokens", json={"name": name, "password": "wrong"})
    assert answer.status_code == 401
    assert answer.json()["detail"] == "Wrong name or password"


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer wrong", "Basic YTpi", "bearer.x"]
)
def test_no_token_or_a_wrong_one_is_401(client: TestClient, header: str) -> None:
    answer = client.get("/notes", headers={"authorization": header})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/notes"),
        ("POST", "/notes"),
        ("GET", "/notes/1"),
        ("DELETE", "/notes/1"),
        ("POST", "/notes/1/shares"),
        ("GET", "/events"),
        ("DELETE", "/tokens/current"),
    ],
)
def test_every_route_but_the_doors_wants_a_token(
    client: TestClient, method: str, path: str
) -> None:
    assert client.request(method, path).status_code == 401


def test_an_expired_token_is_401(tmp_path: Path) -> None:
    settings = notes.Settings(
        tmp_path / "db", tmp_path / "mbox", scrypt_cost=2, token_seconds=0
    )
    with TestClient(notes.create_app(settings)) as client:
        who = register(client, "ada")
        assert client.get("/notes", headers=who).status_code == 401


def test_a_revoked_token_is_401_and_others_stay(client: TestClient) -> None:
    first = register(client, "ada")
    second = log_in(client, "ada")
    assert client.delete("/tokens/current", headers=first).status_code == 204
    assert client.get("/notes", headers=first).status_code == 401
    assert client.get("/notes", headers=second).status_code == 200


def test_the_oldest_login_ends_when_there_are_too_many(client: TestClient) -> None:
    first = register(client, "ada")
    for _ in range(accounts.MOST_TOKENS - 1):
        second = log_in(client, "ada")
    assert client.get("/notes", headers=first).status_code == 200
    log_in(client, "ada")
    assert client.get("/notes", headers=first).status_code == 401
    assert client.get("/notes", headers=second).status_code == 200


# --- notes -----------------------------------------------------------------------


def test_a_new_note_is_201_with_its_place(client: TestClient) -> None:
    who = register(client, "ada")
    made = client.post("/notes", json={"text": "  buy milk  "}, headers=who)
    assert made.status_code == 201
    assert made.json()["text"] == "buy milk"
    assert made.json()["author"] == "ada"
    assert made.headers["location"] == f"/notes/{made.json()['id']}"
    assert client.get(made.headers["location"], headers=who).json() == made.json()


def test_below_a_mount_the_place_has_the_prefix(settings: notes.Settings) -> None:
    outer = App()
    outer.mount("/api", notes.create_app(settings))
    with TestClient(outer) as client:
        who = register(client, "ada", "/api")
        made = client.post("/api/notes", json={"text": "x"}, headers=who)
        assert made.headers["location"] == "/api/notes/1"
        assert client.get("/api/notes/1", headers=who).json() == made.json()


def test_the_newest_note_comes_first(client: TestClient) -> None:
    who = register(client, "ada")
    for text in ("one", "two", "three"):
        add(client, who, text)
    assert listed(client, who) == ["three", "two", "one"]
    two = client.get("/notes?limit=2", headers=who).json()
    assert [note["text"] for note in two] == ["three", "two"]


def test_a_note_is_deleted_once(client: TestClient) -> None:
    who = register(client, "ada")
    place = f"/notes/{add(client, who, 'x')}"
    assert client.delete(place, headers=who).status_code == 204
    again = client.delete(place, headers=who)
    assert again.status_code == 404
    assert again.headers["content-type"] == "application/problem+json"
    assert listed(client, who) == []


def test_an_id_is_never_given_twice(client: TestClient) -> None:
    who = register(client, "ada")
    first = add(client, who, "gone")
    client.delete(f"/notes/{first}", headers=who)
    assert add(client, who, "new") != first


def test_sql_in_a_text_stays_text(client: TestClient) -> None:
    who = register(client, "ada")
    text = "'); DROP TABLE notes; --"
    add(client, who, text)
    assert listed(client, who) == [text]


def test_notes_survive_a_restart(settings: notes.Settings) -> None:
    with TestClient(notes.create_app(settings)) as client:
        who = register(client, "ada")
        add(client, who, "still here")
    with TestClient(notes.create_app(settings)) as client:
        assert listed(client, who) == ["still here"]


def test_other_peoples_notes_are_404(client: TestClient) -> None:
    ada, bob = register(client, "ada"), register(client, "bob")
    number = add(client, ada, "mine alone")
    place = f"/notes/{number}"
    missing = client.get("/notes/99", headers=bob).json()
    answer = client.get(place, headers=bob)
    assert answer.status_code == 404
    assert answer.json() == {**missing, "detail": f"There is no note {number}"}
    assert client.delete(place, headers=bob).status_code == 404
    shares = client.post(f"{place}/shares", json={"name": "bob"}, headers=bob)
    assert shares.status_code == 404
    assert listed(client, bob) == []
    assert listed(client, ada) == ["mine alone"]


def test_a_shared_note_can_be_read_and_no_more(client: TestClient) -> None:
    ada, bob = register(client, "ada"), register(client, "bob")
    place = f"/notes/{add(client, ada, 'for bob')}"
    shared = client.post(f"{place}/shares", json={"name": "bob"}, headers=ada)
    assert shared.status_code == 204
    assert listed(client, bob) == ["for bob"]
    assert client.get(place, headers=bob).json()["author"] == "ada"
    assert client.delete(place, headers=bob).status_code == 404
    again = client.post(f"{place}/shares", json={"name": "bob"}, headers=bob)
    assert again.status_code == 404


def test_sharing_with_nobody_known_is_404(client: TestClient) -> None:
    ada = register(client, "ada")
    place = f"/notes/{add(client, ada, 'x')}/shares"
    answer = client.post(place, json={"name": "nobody"}, headers=ada)
    assert answer.status_code == 404
    assert answer.json()["detail"] == "There is no account nobody"


def test_a_deleted_note_is_gone_for_its_readers(
    client: TestClient, settings: notes.Settings
) -> None:
    ada, bob = register(client, "ada"), register(client, "bob")
    place = f"/notes/{add(client, ada, 'x')}"
    client.post(f"{place}/shares", json={"name": "bob"}, headers=ada)
    client.delete(place, headers=ada)
    assert listed(client, bob) == []
    assert rows(settings, "SELECT * FROM shares") == []


# --- what does not fit -----------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "loc", "kind"),
    [
        ({}, ["body", "text"], "missing"),
        ([], ["body"], "model_type"),
        ({"text": 3}, ["body", "text"], "string_type"),
        ({"text": ""}, ["body", "text"], "string_too_short"),
        ({"text": " \n "}, ["body", "text"], "string_too_short"),
        ({"text": "x" * 501}, ["body", "text"], "string_too_long"),
    ],
)
def test_an_unfit_note_is_422_with_its_loc(
    client: TestClient, body: Any, loc: list[str], kind: str
) -> None:
    who = register(client, "ada")
    answer = client.post("/notes", json=body, headers=who)
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["loc"], error["type"]) == (loc, kind)


@pytest.mark.parametrize("limit", ["0", "-1", "201"])
def test_a_limit_out_of_range_is_422(client: TestClient, limit: str) -> None:
    who = register(client, "ada")
    answer = client.get(f"/notes?limit={limit}", headers=who)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["loc"] == ["query", "limit"]


def test_what_is_no_json_is_400(client: TestClient) -> None:
    who = {**register(client, "ada"), "content-type": "application/json"}
    assert client.post("/notes", content="{", headers=who).status_code == 400


def test_a_form_of_a_foreign_page_is_415(client: TestClient) -> None:
    who = {**register(client, "ada"), "content-type": "text/plain"}
    answer = client.post("/notes", content='{"text": "x"}', headers=who)
    assert answer.status_code == 415


def test_a_large_body_is_413(client: TestClient) -> None:
    body = {"text": "x" * application.MAX_BODY}
    answer = client.post("/notes", json=body, headers=register(client, "ada"))
    assert answer.status_code == 413


@pytest.mark.parametrize("sign", ["x", "ü", "😀"])
def test_the_longest_text_fits_in_any_encoding(client: TestClient, sign: str) -> None:
    who = {**register(client, "ada"), "content-type": "application/json"}
    content = json.dumps({"text": sign * 500})
    made = client.post("/notes", content=content, headers=who)
    assert made.status_code == 201
    assert made.json()["text"] == sign * 500


@pytest.mark.parametrize("id", [0, 2**63, 10**100])
def test_an_id_that_sqlite_cannot_hold_is_422(client: TestClient, id: int) -> None:
    answer = client.get(f"/notes/{id}", headers=register(client, "ada"))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["loc"] == ["path", "id"]


@pytest.mark.parametrize("path", ["/note", "/notes/", "/notes/x"])
def test_an_unknown_path_is_a_404_problem(client: TestClient, path: str) -> None:
    answer = client.get(path, headers=register(client, "ada"))
    assert answer.status_code == 404
    assert answer.json()["title"] == "Not Found"


def test_one_note_too_many_is_409(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(texts, "MOST_NOTES", 2)
    ada, bob = register(client, "ada"), register(client, "bob")
    numbers = [add(client, ada, text) for text in ("one", "two")]
    answer = client.post("/notes", json={"text": "three"}, headers=ada)
    assert answer.status_code == 409
    add(client, bob, "has room of his own")
    client.delete(f"/notes/{numbers[0]}", headers=ada)
    add(client, ada, "three")


def test_every_route_has_a_time_and_a_body_limit(settings: notes.Settings) -> None:
    app = notes.create_app(settings)
    routes = list(app.routes)
    assert len(routes) >= 11
    for route in routes:
        assert route.options["timeout"] == 10.0, route
        assert route.options["max_body"] == application.MAX_BODY, route


# --- one transaction a call ------------------------------------------------------


def breaking(settings: notes.Settings, fail: Callable[[], Any]) -> App:
    """Give the app with one more route: it writes, plans a mail, and fails."""
    app = notes.create_app(settings)

    @app.post("/break")
    async def break_off(
        user: security.CurrentUser,
        work: Annotated[Transaction, Depends(transaction)],
        tasks: BackgroundTasks,
        mailer: Mailer,
    ) -> Any:
        sql = "INSERT INTO notes (account, text, created) VALUES (?, 'half', 0)"
        await work.run(sql, user.id)
        work.wake(user.id)
        tasks.add_task(mailer.send, "x@example.org", "Never", "sent")
        return fail()

    return app


def raise_error() -> None:
    raise RuntimeError("in the middle")


def answer_409() -> tuple[int, str]:
    return 409, "no"


@pytest.mark.parametrize(("fail", "status"), [(raise_error, 500), (answer_409, 409)])
def test_a_call_that_fails_changes_nothing(
    settings: notes.Settings, fail: Callable[[], Any], status: int
) -> None:
    with TestClient(breaking(settings, fail)) as client:
        who = register(client, "ada")
        add(client, who, "kept")
        assert client.post("/break", headers=who).status_code == status
        assert listed(client, who) == ["kept"]
        add(client, who, "the next call works")
    assert rows(settings, "SELECT text FROM notes WHERE text = 'half'") == []


def test_a_call_that_fails_sends_no_mail(settings: notes.Settings) -> None:
    with TestClient(breaking(settings, raise_error)) as client:
        client.post("/break", headers=register(client, "ada"))
    assert mails(settings) == [("ada@example.org", "Welcome")]


def test_a_call_that_goes_well_is_kept(settings: notes.Settings) -> None:
    with TestClient(breaking(settings, lambda: None)) as client:
        who = register(client, "ada")
        assert client.post("/break", headers=who).status_code == 204
        assert listed(client, who) == ["half"]
    assert ("x@example.org", "Never") in mails(settings)


def test_a_database_that_fails_is_503_with_retry_after(
    client: TestClient, settings: notes.Settings, caplog: pytest.LogCaptureFixture
) -> None:
    who = register(client, "ada")
    rows(settings, "ALTER TABLE notes RENAME TO elsewhere")
    answer = client.get("/notes", headers=who)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "2"
    assert "no such table" not in answer.text
    assert "no such table" in caplog.text
    rows(settings, "ALTER TABLE elsewhere RENAME TO notes")
    assert listed(client, who) == []


def test_a_slow_body_holds_nobody_up(client: TestClient) -> None:
    """Who sends slowly has no turn at the database yet: others go on."""
    who = register(client, "ada")
    headers = {**who, "content-type": "application/json", "content-length": "15"}
    slow = Exchange(client.app, http_scope("POST", "/notes", headers), client.loop)
    slow.put({"type": "http.request", "body": b'{"text":', "more_body": True})
    add(client, who, "meanwhile")
    assert slow.sent == []
    slow.put({"type": "http.request", "body": b'"slow"}'})
    assert slow.take()["status"] == 201
    slow.finish()
    assert listed(client, who) == ["slow", "meanwhile"]


# --- live updates ----------------------------------------------------------------


def test_a_note_appears_on_the_socket(client: TestClient) -> None:
    who = register(client, "ada")
    with client.websocket("/live", subprotocols=offers(who)) as feed:
        assert feed.subprotocol == "notes"
        number = add(client, who, "hello")
        change = feed.receive_json()["change"]
        assert change["kind"] == "added"
        assert change["note"]["text"] == "hello"
        client.delete(f"/notes/{number}", headers=who)
        change = feed.receive_json()["change"]
        assert (change["kind"], change["note"]["id"]) == ("deleted", number)


def test_a_client_that_is_no_browser_sends_a_header(client: TestClient) -> None:
    who = register(client, "ada")
    with client.websocket("/live", headers=who) as feed:
        assert feed.subprotocol is None
        add(client, who, "hello")
        assert feed.receive_json()["change"]["note"]["text"] == "hello"


def read_event(lines: Iterator[str]) -> dict[str, str]:
    """Read one server-sent event."""
    fields: dict[str, str] = {}
    for line in lines:
        if not line and fields:
            break
        name, _, value = line.partition(": ")
        if name:
            fields[name] = value
    return fields


def test_a_note_appears_in_the_stream(client: TestClient) -> None:
    who = register(client, "ada")
    with client.stream("GET", "/events", headers=who) as stream:
        assert stream.headers["content-type"] == "text/event-stream"
        # Its first look at the table is where the stream begins.
        client.get("/notes", headers=who)
        add(client, who, "hello")
        event = read_event(stream.iter_lines())
    assert event["event"] == "change"
    assert json.loads(event["data"])["note"]["text"] == "hello"
    assert event["id"] == "1"


def test_a_stream_goes_on_after_the_last_event(client: TestClient) -> None:
    who = register(client, "ada")
    for text in ("one", "two", "three"):
        add(client, who, text)
    headers = {**who, "last-event-id": "1"}
    with client.stream("GET", "/events", headers=headers) as stream:
        lines = stream.iter_lines()
        found = [json.loads(read_event(lines)["data"]) for _ in range(2)]
    assert [change["note"]["text"] for change in found] == ["two", "three"]


def test_a_socket_goes_on_after_what_it_knows(client: TestClient) -> None:
    who = register(client, "ada")
    for text in ("one", "two"):
        add(client, who, text)
    with client.websocket("/live?after=1", headers=who) as feed:
        found = feed.receive_json()
    assert found["id"] == 2
    assert found["change"]["note"]["text"] == "two"


def test_both_ways_tell_the_same(client: TestClient) -> None:
    who = register(client, "ada")
    with (
        client.websocket("/live", headers=who) as feed,
        client.stream("GET", "/events", headers=who) as stream,
    ):
        client.get("/notes", headers=who)
        add(client, who, "hello")
        event = read_event(stream.iter_lines())
        message = feed.receive_json()
    assert message["id"] == int(event["id"])
    assert message["change"] == json.loads(event["data"])


def test_a_shared_note_appears_with_its_reader_alone(client: TestClient) -> None:
    ada, bob, eve = (register(client, name) for name in ("ada", "bob", "eve"))
    with (
        client.websocket("/live", headers=bob) as bobs,
        client.websocket("/live", headers=eve) as eves,
    ):
        number = add(client, ada, "for bob")
        share = {"name": "bob"}
        client.post(f"/notes/{number}/shares", json=share, headers=ada)
        client.post(f"/notes/{number}/shares", json=share, headers=ada)
        assert bobs.receive_json()["change"]["note"]["text"] == "for bob"
        client.delete(f"/notes/{number}", headers=ada)
        assert bobs.receive_json()["change"]["kind"] == "deleted"
        add(client, eve, "eve's own")
        assert eves.receive_json()["change"]["note"]["text"] == "eve's own"


def test_a_call_that_fails_tells_nobody(settings: notes.Settings) -> None:
    with TestClient(breaking(settings, raise_error)) as client:
        who = register(client, "ada")
        with client.websocket("/live", headers=who) as feed:
            client.post("/break", headers=who)
            add(client, who, "the first to be told")
            change = feed.receive_json()["change"]
    assert change["note"]["text"] == "the first to be told"


@pytest.mark.parametrize("offered", [[], ["notes"], ["notes", "bearer.wrong"]])
def test_a_socket_without_a_token_is_refused_with_401(
    client: TestClient, offered: list[str]
) -> None:
    with pytest.raises(SocketRefused) as refused:
        client.websocket("/live", subprotocols=offered)
    assert refused.value.status_code == 401
    assert refused.value.json()["detail"] == "Log in: POST /tokens"


def test_a_page_of_another_site_may_not_connect(client: TestClient) -> None:
    who = {**register(client, "ada"), "origin": "https://evil.example"}
    with pytest.raises(SocketRefused) as refused:
        client.websocket("/live", headers=who)
    assert refused.value.status_code == 403


def test_a_logout_closes_what_the_token_has_opened(client: TestClient) -> None:
    who, other = register(client, "ada"), log_in(client, "ada")
    with (
        client.websocket("/live", headers=who) as feed,
        client.websocket("/live", headers=other) as second,
        client.stream("GET", "/events", headers=who) as stream,
    ):
        client.delete("/tokens/current", headers=who)
        with pytest.raises(WebSocketDisconnect) as closed:
            feed.receive()
        assert closed.value.code == 4401
        assert list(stream.iter_bytes()) == []
        add(client, other, "still here")
        assert second.receive_json()["change"]["note"]["text"] == "still here"


def test_a_client_that_talks_is_closed_with_1008(client: TestClient) -> None:
    who = register(client, "ada")
    with client.websocket("/live", headers=who) as feed:
        feed.send_text("hello?")
        with pytest.raises(WebSocketDisconnect) as closed:
            feed.receive()
    assert closed.value.code == 1008


def test_a_long_message_is_closed_with_1009(client: TestClient) -> None:
    who = register(client, "ada")
    with client.websocket("/live", headers=who) as feed:
        feed.send_text("x" * 65)
        with pytest.raises(WebSocketDisconnect) as closed:
            feed.receive()
    assert closed.value.code == 1009


def test_one_stream_too_many_is_429_until_one_ends(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "MOST_STREAMS", 2)
    who = register(client, "ada")
    with client.websocket("/live", headers=who):
        with client.stream("GET", "/events", headers=who):
            with pytest.raises(SocketRefused) as refused:
                client.websocket("/live", headers=who)
            assert refused.value.status_code == 429
            assert client.get("/events", headers=who).status_code == 429
        with client.websocket("/live", headers=who):
            pass


def test_streams_and_sockets_end_when_the_app_stops(
    settings: notes.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "POLL", 0.05)
    client = TestClient(notes.create_app(settings))
    with client:
        who = register(client, "ada")
        stream = client.stream("GET", "/events", headers=who)
        feed = client.websocket("/live", headers=who)
    assert list(stream.iter_bytes()) == []
    with pytest.raises(WebSocketDisconnect) as closed:
        feed.receive()
    assert closed.value.code == 1012


def test_a_signal_ends_the_streams_before_the_server_waits_for_them(
    settings: notes.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "POLL", 0.05)
    told: list[int] = []

    def server_is_told(number: int, frame: Any) -> None:
        told.append(number)

    before = signal.signal(signal.SIGTERM, server_is_told)
    try:
        with TestClient(notes.create_app(settings)) as client:
            who = register(client, "ada")
            with client.stream("GET", "/events", headers=who) as stream:
                signal.raise_signal(signal.SIGTERM)
                assert list(stream.iter_bytes()) == []
        assert told == [signal.SIGTERM]
        assert signal.getsignal(signal.SIGTERM) is server_is_told
    finally:
        signal.signal(signal.SIGTERM, before)


def test_changes_are_not_kept_for_ever(
    client: TestClient, settings: notes.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(texts, "KEPT_CHANGES", 2)
    who = register(client, "ada")
    for text in ("one", "two", "three"):
        add(client, who, text)
    assert rows(settings, "SELECT id FROM changes") == [(2,), (3,)]


# --- mail ------------------------------------------------------------------------


def test_a_new_account_is_welcomed_by_mail(
    client: TestClient, settings: notes.Settings
) -> None:
    register(client, "ada")
    assert mails(settings) == [("ada@example.org", "Welcome")]


def test_an_account_that_was_not_made_gets_no_mail(
    client: TestClient, settings: notes.Settings
) -> None:
    register(client, "ada")
    body = {"name": "ada", "mail": "eve@example.org", "password": PASSWORD}
    client.post("/accounts", json=body)
    assert mails(settings) == [("ada@example.org", "Welcome")]


def test_sharing_is_told_by_mail_once(
    client: TestClient, settings: notes.Settings
) -> None:
    ada, _ = register(client, "ada"), register(client, "bob")
    place = f"/notes/{add(client, ada, 'From here: ü')}/shares"
    for _ in range(2):
        client.post(place, json={"name": "bob"}, headers=ada)
    assert mails(settings)[2:] == [("bob@example.org", "ada shares a note with you")]
    box = mailbox.mbox(settings.mailbox)
    payload = box[2].get_payload(decode=True)
    box.close()
    assert isinstance(payload, bytes)
    # An mbox marks a line that would look like the start of a mail.
    assert payload.decode().strip() == ">From here: ü"


def test_mail_is_written_after_the_response(settings: notes.Settings) -> None:
    """The transaction ends, then the response goes out, then the mail is written."""
    order: list[str] = []

    class Recorder(Mailer):
        def send(self, to: str, subject: str, text: str) -> None:
            kept = rows(settings, "SELECT name FROM accounts")
            order.append(f"mail to {to}, kept: {kept}")

    def watch(app: ASGIApp) -> ASGIApp:
        async def watched(scope: Scope, receive: Receive, send: Send) -> None:
            async def noted(message: Message) -> None:
                await send(message)
                if scope["type"] == "http" and not message.get("more_body"):
                    order.append(message["type"])

            await app(scope, receive, noted)

        return watched

    app = notes.create_app(settings)
    app.wrap(watch)
    with app.override({Mailer: lambda: Recorder(settings)}), TestClient(app) as client:
        body = {"name": "ada", "mail": "ada@example.org", "password": PASSWORD}
        client.post("/accounts", json=body)
    assert order == [
        "http.response.start",
        "http.response.body",
        "mail to ada@example.org, kept: [('ada',)]",
    ]


def test_a_mail_that_fails_is_logged_and_the_answer_stays(
    client: TestClient, settings: notes.Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.mailbox.mkdir()
    register(client, "ada")
    assert "background task" in caplog.text
    assert "IsADirectoryError" in caplog.text


# --- page, origins, start --------------------------------------------------------


def test_the_page_has_a_strict_policy(client: TestClient) -> None:
    page = client.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    policy = page.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert policy.count("'sha256-") == 2
    assert "default-src 'none'" in policy
    assert not re.search(r"\son\w+=|\sstyle=|javascript:", page.text)


def test_without_origins_no_other_site_may_read(client: TestClient) -> None:
    answer = client.get("/notes", headers={"origin": "https://shop.example"})
    assert "access-control-allow-origin" not in answer.headers


def test_a_named_origin_may_read_and_connect(tmp_path: Path) -> None:
    origin = "https://shop.example"
    settings = notes.Settings(
        tmp_path / "db", tmp_path / "mbox", (origin,), scrypt_cost=2
    )
    with TestClient(notes.create_app(settings)) as client:
        who = {**register(client, "ada"), "origin": origin}
        answer = client.get("/notes", headers=who)
        assert answer.headers["access-control-allow-origin"] == origin
        assert "access-control-allow-credentials" not in answer.headers
        asked = {
            "origin": origin,
            "access-control-request-method": "DELETE",
            "access-control-request-headers": "authorization",
        }
        preflight = client.options("/notes/1", headers=asked)
        assert "DELETE" in preflight.headers["access-control-allow-methods"]
        with client.websocket("/live", headers=who):
            pass


def test_importing_opens_no_file_and_the_start_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NOTES_DB", "new/mine.db")
    monkeypatch.setenv("NOTES_MAIL", "new/mine.mbox")
    monkeypatch.setenv("NOTES_ORIGINS", "https://a.example https://b.example")
    settings = notes.Settings.from_environment()
    assert settings.origins == ("https://a.example", "https://b.example")
    app = notes.create_app(settings)
    assert list(tmp_path.iterdir()) == []
    with TestClient(app):
        assert [file.name for file in (tmp_path / "new").iterdir()] == ["mine.db"]


@pytest.mark.slow
def test_it_runs_under_uvicorn_as_the_readme_says(tmp_path: Path) -> None:
    """One real server: register, log in, a stream that hears a note, and the stop."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "notes:app", "--port", str(port)]
    command += ["--log-level", "warning"]
    environment = {
        **os.environ,
        "NOTES_DB": str(tmp_path / "notes.db"),
        "NOTES_MAIL": str(tmp_path / "notes.mbox"),
        "PYTHONPATH": str(ROOT / "final/src"),
    }
    server = subprocess.Popen(command, cwd=EXAMPLES, env=environment)
    base = f"http://127.0.0.1:{port}"
    try:
        with httpx.Client(base_url=base, trust_env=False, timeout=10) as http:
            deadline = time.monotonic() + 20
            while True:
                try:
                    assert http.get("/").status_code == 200
                    break
                except httpx.ConnectError:
                    assert server.poll() is None
                    assert time.monotonic() < deadline
                    time.sleep(0.05)
            body = {"name": "ada", "mail": "ada@x.org", "password": PASSWORD}
            assert http.post("/accounts", json=body).status_code == 201
            token = http.post("/tokens", json=body).json()["token"]
            who = {"authorization": f"Bearer {token}", "last-event-id": "0"}
            with http.stream("GET", "/events", headers=who) as stream:
                httpx.post(
                    f"{base}/notes", json={"text": "hi"}, headers=who, trust_env=False
                )
                lines = stream.iter_lines()
                event = read_event(lines)
                assert json.loads(event["data"])["note"]["text"] == "hi"
                server.terminate()
                # The stream ends by itself: uvicorn would wait for it for ever.
                assert read_event(lines) == {}
        server.wait(20)
    finally:
        server.kill()
        server.wait(20)
    assert "Subject: Welcome" in (tmp_path / "notes.mbox").read_text()
