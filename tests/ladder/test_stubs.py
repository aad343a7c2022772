"""Stubs: what a reader sees of a stage, and that a hole is never an answer."""

from __future__ import annotations

import subprocess
import sys
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from tools.stages.compose import composed_sources, write_tree
from tools.stages.model import LadderError
from tools.stages.stubs import NOT_BUILT_FILE, holes, stub_sources

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Toy

APP = "microlith/applications.py"
REQUESTS = "microlith/requests.py"

RICH = '''
    """What a guest asks."""

    import re
    from collections.abc import AsyncIterator, Callable, Iterator
    from contextlib import contextmanager
    from dataclasses import dataclass, field
    from enum import Enum
    from typing import NamedTuple, Protocol, overload

    from microlith.types import Handler

    __all__ = ["LIMIT", "Kind", "Request", "TABLE", "Wrong", "chunks", "read"]

    LIMIT: int = 10
    """How many guests there may be."""

    Alias = Callable[[str], Handler]

    _MISSING = object()
    _is_name = re.compile("[a-z]+").fullmatch

    pattern = re.compile("secret")


    def _clean(text: str) -> str:
        """Private work."""
        return text.strip().casefold()


    # --- the public part -------------------------------------------------------------

    TABLE = {"clean": _clean}


    def traced(function: Callable[..., object]) -> Callable[..., object]:
        """Trace a function."""
        print("secret")
        return function


    class Wrong(ValueError):
        """The guest is wrong."""

        status = 400

        def __init__(self, guest: str) -> None:
            super().__init__(f"secret {guest}")


    class Kind(Enum):
        """Kinds of guest."""

        FRIEND = "friend"


    class Pair(NamedTuple):
        """Two guests."""

        left: str
        right: str = ""

        def both(self) -> str:
            """Join them."""
            return self.left + self.right


    class Speaks(Protocol):
        """Who speaks."""

        def speak(self) -> str: ...


    @dataclass(frozen=True)
    class Guest:
        """One guest."""

        name: str
        _notes: list[str] = field(default_factory=list)


    class _Base:
        def plain(self) -> str:
            return "secret"


    class Request(_Base):
        """Hold one question."""

        __slots__ = ("_raw", "raw")

        def __init__(self, raw: str = "", other: object = _MISSING) -> None:
            self._raw = raw

        @property
        def name(self) -> str:
            """The name."""
            # The secret way.
            return _clean(self._raw)

        @name.setter
        def name(self, value: str) -> None:
            self._raw = value

        @classmethod
        def of(cls, raw: str) -> "Request":
            """Make one."""
            return cls(raw)

        @staticmethod
        def quiet() -> None:
            """Do nothing, as promised."""

        async def body(self) -> bytes:
            """Read the body."""
            return b"secret"

        async def stream(self) -> AsyncIterator[bytes]:
            """Yield the body."""
            yield b"secret"

        def __len__(self) -> int:
            return 7

        def _help(self) -> str:
            return "secret"


    @contextmanager
    def opened(name: str) -> Iterator[str]:
        """Open."""
        yield "secret"


    @overload
    def read(value: int) -> int: ...
    @overload
    def read(value: str) -> str: ...
    def read(value: int | str) -> int | str:
        """Read a value."""
        return value


    @traced
    def chunks(a_long_parameter: str, another_long_parameter: str = "default") -> None:
        """Cut a text."""
        print("secret")


    FIRST = Request("Ada")
'''


@pytest.fixture
def rich(toy_ladder: Toy) -> Toy:
    """Give stage 2 a module with everything that a module may hold."""
    toy_ladder.write(f"stages/02_requests/src/{REQUESTS}", RICH)
    return toy_ladder


def stub(toy: Toy, n: int, path: str, *, hollow: bool = False) -> str:
    """Give one file of a stub tree."""
    return stub_sources(toy.load(), n, hollow)[path].decode()


def run_in(toy: Toy, n: int, code: str, *, hollow: bool = False) -> str:
    """Run code on a stub tree and give what it prints."""
    folder = toy.root / "out"
    write_tree(folder, stub_sources(toy.load(), n, hollow))
    command = [sys.executable, "-B", "-c", dedent(code)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_declarations_stay(rich: Toy) -> None:
    """A reader sees docstrings, constants, types, fields and signatures."""
    text = stub(rich, 2, REQUESTS)
    for kept in (
        '"""What a guest asks."""',
        'LIMIT: int = 10\n"""How many guests there may be."""',
        "Alias = Callable[[str], Handler]",
        "    status = 400",
        '    FRIEND = "friend"',
        '    right: str = ""',
        "    def speak(self) -> str: ...",
        "    _notes: list[str] = field(default_factory=list)",
        "# --- the public part ---",
        '"""The name."""\n        raise NotBuilt("stage 02: build Request.name")',
        "    @name.setter\n",
        "    @classmethod\n",
        '        """Do nothing, as promised."""\n',
        "    async def body(self) -> bytes:",
        "    def __len__(self) -> int:",
        "def read(value: int) -> int: ...",
    ):
        assert kept in text, kept


def test_what_is_to_be_built_goes(rich: Toy) -> None:
    """No body, private name or comment of the solution is left."""
    text = stub(rich, 2, REQUESTS)
    for gone in ("secret", "casefold", "_is_name", "_help", "_raw", "return "):
        assert gone not in text, gone


def test_needed_private_names_stay_as_declarations(rich: Toy) -> None:
    """A default, a base and a table keep the private names that they need."""
    text = stub(rich, 2, REQUESTS)
    assert "_MISSING = object()" in text
    assert "class _Base:\n" in text
    assert '    raise NotBuilt("stage 02: build _clean")' in text


def test_holes_are_listed_by_symbol(rich: Toy) -> None:
    """The list names every hole of the tree once."""
    found = holes(stub_sources(rich.load(), 2))
    for name in ("Request.name", "Request.__init__", "chunks", "FIRST", "pattern"):
        assert f"requests.py:{name}" in found
    assert "applications.py:App.answer" in found
    assert len(found) == len(set(found))


def test_holes_refuse_whoever_uses_them(rich: Toy) -> None:
    """Each kind of hole raises NotBuilt, which is no Exception."""
    code = """
        import asyncio
        from microlith import requests as r
        from microlith._notbuilt import NotBuilt

        def tried(what):
            try:
                what()
            except Exception as error:
                print("Exception", type(error))
            except BaseException as error:
                print(type(error).__name__, error)

        async def drain():
            async for _ in r.Request.stream(None):
                pass

        tried(lambda: r.Request("Ada"))
        tried(lambda: r.Request.of("Ada"))
        tried(lambda: asyncio.run(r.Request.body(None)))
        tried(lambda: asyncio.run(drain()))
        tried(lambda: r.opened("x").__enter__())
        tried(lambda: r.TABLE["clean"]("x"))
        tried(lambda: r.FIRST.name)
        tried(lambda: r.pattern("x"))
        tried(lambda: r.chunks(""))
        tried(lambda: r.Pair("a").both())
        tried(lambda: r.Wrong("Ada"))
        print(r.Guest("Ada").name, r.Request.quiet(), r.Kind("friend").name)
    """
    names = [
        "Request.__init__",
        "Request.of",
        "Request.body",
        "Request.stream",
        "opened",
        "_clean",
        "FIRST",
        "pattern",
        "chunks",
        "Pair.both",
        "Wrong.__init__",
    ]
    wanted = [f"NotBuilt stage 02: build {name}" for name in names]
    assert run_in(rich, 2, code).splitlines() == [*wanted, "Ada None FRIEND"]


def test_hollow_stubs_answer_none(rich: Toy) -> None:
    """The hollow kind returns None and yields nothing."""
    code = """
        import asyncio
        from microlith import App, Request, requests as r

        async def drain():
            return [item async for item in Request().stream()]

        print(Request("Ada").name, r.read(1), r.FIRST, asyncio.run(drain()))
        print(App().answer(Request()), App().greet("Ada"))
    """
    printed = run_in(rich, 2, code, hollow=True)
    assert printed == "None None None []\nNone Hello, Ada!\n"
    assert "NotBuilt" not in stub(rich, 2, REQUESTS, hollow=True)


def test_not_built_is_a_failure_of_pytest_or_a_base_exception(toy_ladder: Toy) -> None:
    """With pytest it is a failure; without, nothing catches it by accident."""
    code = """
        import sys
        sys.modules["pytest"] = None
        from microlith._notbuilt import NotBuilt
        print(NotBuilt.__mro__[1].__name__, NotBuilt("why"))
    """
    assert run_in(toy_ladder, 1, code) == "BaseException why\n"
    code = "from microlith._notbuilt import NotBuilt; print(NotBuilt.__mro__[1])"
    assert "Failed" in run_in(toy_ladder, 1, code)


def test_the_library_does_not_know_the_exception(toy_ladder: Toy) -> None:
    """Only stub trees hold the generated module."""
    ladder = toy_ladder.load()
    assert NOT_BUILT_FILE in stub_sources(ladder, 3)
    assert NOT_BUILT_FILE not in composed_sources(ladder, 3)


def test_old_bodies_take_the_new_signature(toy_ladder: Toy) -> None:
    """What both versions have works as before and reads as the new one."""
    toy_ladder.edit(
        f"stages/02_requests/src/{APP}",
        '''def greet(self, name: str) -> str:
        """Answer with a greeting."""
        return f"Hello, {name}!"''',
        '''def greet(self, name: str, *, loud: bool = False) -> str:
        """Answer with a greeting, perhaps a loud one."""
        return f"Hello, {name}!".upper() if loud else f"Hello, {name}!"''',
    )
    text = stub(toy_ladder, 2, APP)
    assert (
        '''    def greet(self, name: str, *, loud: bool = False) -> str:
        """Answer with a greeting, perhaps a loud one."""
        return f"Hello, {name}!"
'''
        in text
    )
    assert '"""The application: it greets requests."""' in text
    assert "from microlith.requests import Request" in text
    assert 'raise NotBuilt("stage 02: build App.answer")' in text


@pytest.mark.parametrize(
    "signature",
    [
        "self, name: str, loud: bool",
        "self, guest: str",
        "self, name: str, *, loud: bool",
    ],
)
def test_a_signature_that_the_old_body_cannot_serve_is_a_hole(
    toy_ladder: Toy, signature: str
) -> None:
    """A required or renamed parameter leaves nothing of the old body."""
    path = f"stages/02_requests/src/{APP}"
    toy_ladder.edit(path, "greet(self, name: str)", f"greet({signature})")
    text = stub(toy_ladder, 2, APP)
    assert f"def greet({signature})" in text
    assert 'raise NotBuilt("stage 02: build App.greet")' in text


def test_new_attributes_say_that_they_are_not_built(toy_ladder: Toy) -> None:
    """Attributes that only the new version sets raise; others are as before."""
    code = """
        from microlith import App
        app = App()
        print(app.greet("Ada"), hasattr(app, "other"))
        try:
            app.layers
        except BaseException as error:
            print(error)
    """
    printed = run_in(toy_ladder, 3, code)
    assert printed == "Hello, Ada! False\nstage 03: build App.layers\n"
    assert "applications.py:App.layers" in holes(stub_sources(toy_ladder.load(), 3))


def test_slots_grow_by_public_names_only(toy_ladder: Toy) -> None:
    """A reader can set the new attributes; the private ones are their own."""
    body = '''
        """The application."""

        __all__ = ["App"]


        class App:
            """Greet whoever asks."""

            __slots__ = ({slots},)

            def __init__(self) -> None:
                self.name = "Ada"

            def greet(self, name: str) -> str:
                """Answer with a greeting."""
                return f"Hello, {{name}}!"
    '''
    first, second = '"name"', '"_cache", "guests", "name"'
    toy_ladder.write(f"stages/01_hello/src/{APP}", body.format(slots=first))
    toy_ladder.write(f"stages/02_requests/src/{APP}", body.format(slots=second))
    text = stub(toy_ladder, 2, APP)
    assert '__slots__ = ("guests", "name")' in text
    assert 'missing = ("guests",)' in text


def test_a_new_base_lends_its_holes(toy_ladder: Toy) -> None:
    """A class that gains a base inherits it; its own old methods stay."""
    toy_ladder.edit(
        f"stages/02_requests/src/{APP}", "class App:", "class App(Request):"
    )
    code = """
        from microlith import App, Request
        print(issubclass(App, Request), App.greet(None, "Ada"))
        try:
            App.name.fget(None)
        except BaseException as error:
            print(error)
    """
    wanted = "True Hello, Ada!\nstage 02: build Request.name\n"
    assert run_in(toy_ladder, 2, code) == wanted


def test_old_private_helpers_stay_and_new_ones_do_not_come(toy_ladder: Toy) -> None:
    """The old body keeps its helper; the solution's helper is not shown."""
    helper = "\n\ndef _{}() -> str:\n    return '{}'\n"
    first, second = f"stages/01_hello/src/{APP}", f"stages/02_requests/src/{APP}"
    toy_ladder.append(first, helper.format("old", "old"))
    toy_ladder.append(second, helper.format("new", "new"))
    text = stub(toy_ladder, 2, APP)
    assert "def _old()" in text
    assert "def _new()" not in text


def test_a_constant_stands_before_the_default_that_needs_it(toy_ladder: Toy) -> None:
    """New constants are put where the widened signatures can see them."""
    path = f"stages/02_requests/src/{APP}"
    toy_ladder.edit(path, "greet(self, name: str)", "greet(self, name: str = GUEST)")
    toy_ladder.edit(path, "\n\nclass App", '\nGUEST = "you"\n\n\nclass App')
    code = "from microlith import App; print(App().greet())"
    assert run_in(toy_ladder, 2, code) == "Hello, you!\n"


def test_imports_of_both_versions_are_merged_and_sorted(toy_ladder: Toy) -> None:
    """Old bodies and the reader both find what they import."""
    first, second = f"stages/01_hello/src/{APP}", f"stages/02_requests/src/{APP}"
    toy_ladder.edit(
        first,
        '__all__ = ["App"]',
        'import re\nfrom typing import Any\n\n__all__ = ["App"]',
    )
    toy_ladder.edit(
        second,
        "from microlith.requests",
        "from typing import cast\n\nfrom microlith.requests",
    )
    assert """
import re
from typing import Any, cast

from microlith._notbuilt import NotBuilt
from microlith.requests import Request
""" in stub(toy_ladder, 2, APP)


def test_the_generated_init_exports_the_names_of_the_stage(toy_ladder: Toy) -> None:
    """A test may import every public name before it is built."""
    ladder = toy_ladder.load()
    path = "microlith/__init__.py"
    assert stub_sources(ladder, 3)[path] == composed_sources(ladder, 3)[path]


def test_a_definition_under_if_is_refused(toy_ladder: Toy) -> None:
    """What cannot be made a hole is an error that says what to do."""
    toy_ladder.append(
        f"stages/02_requests/src/{REQUESTS}",
        "\n\nif True:\n    def odd() -> int:\n        return 1\n",
    )
    with pytest.raises(LadderError, match="define it at the top level"):
        stub_sources(toy_ladder.load(), 2)


def test_stubs_are_formatted(rich: Toy, tmp_path: Path) -> None:
    """The formatter and the import sorter leave every stub as it is."""
    for n in (1, 2, 3):
        folder = tmp_path / str(n)
        write_tree(folder, stub_sources(rich.load(), n))
        command = [sys.executable, "-m", "ruff", "format", "--isolated", "--diff"]
        done = subprocess.run([*command, folder], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout
