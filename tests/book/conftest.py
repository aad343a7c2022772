"""A toy book on the toy ladder: chapters that are right, and easy to spoil.

The ladder's files come from `tests/ladder/toy_files.py`; the chapters, the quiz
and the site are written here. Each check of the book is shown one book that
passes and one that fails.
"""

from __future__ import annotations

import shutil
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from benchmarks.stats import summary  # noqa: E402
from tools.book.page import Page  # noqa: E402
from tools.book.project import Project  # noqa: E402
from tools.book.render import render_page  # noqa: E402
from tools.stages.compose import composed_sources, write_tree  # noqa: E402
from tools.stages.model import load  # noqa: E402

CHAPTER = """\
# Stage

@@card {n}

Some prose about *this* stage.

@@invariants

@@tree

{extra}

@@hints

@@full
"""

EXTRA = {
    1: """\
@@code applications.py:App

@@code types.py

@@exercise 01_a_shout

@@quiz
""",
    2: """\
@@code requests.py

@@diff applications.py:App

@@run [greet] python
    from microlith import App, Request
    print(App().answer(Request(" <b>Ada & Bob</b> ")))
""",
    3: """\
@@code middleware/chain.py to="wraps a handler"

@@code middleware/chain.py:compile_chain level=annotated
    "reversed(layers)": the *last* layer wraps first
    "return handler": the outermost layer is what is
        left at the end

@@code middleware/hooks.py:Tag

@@code applications.py:App

@@trace [hello] GET /a?b=1
    async def app(scope, receive, send):
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"hi"})
""",
}

QUIZ = """\
[[question]]
text = "What does `greet` answer?"
[[question.option]]
text = "A text"
right = true
why = "It says so."
[[question.option]]
text = "A number"
why = "Nothing counts here."
"""

FILES_OF_DOCS = {
    "docs/index.md": "# Toy\n\n[Chapter](stages/03-chain.md#invariant-1)\n",
    "docs/reference/index.md": (
        "# Reference\n\n@@api microlith.applications\n\n@@api microlith.requests\n\n"
        "@@api microlith.middleware.chain\n\n@@api microlith.middleware.hooks\n\n"
        "@@api microlith.types\n"
    ),
    "docs/quiz/01-hello.toml": QUIZ,
    "stages/01_hello/exercises/01_a_shout/README.md": "# Greet loudly\n\nDo it.\n",
}
NAMES = {1: "01-hello", 2: "02-requests", 3: "03-chain"}


def _ladder_files() -> dict[str, str]:
    path = ROOT / "tests" / "ladder" / "toy_files.py"
    spec = spec_from_file_location("toy_files_of_the_ladder", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    files: dict[str, str] = module.FILES
    return {name: dedent(text).lstrip("\n") for name, text in files.items()}


class Book:
    """The toy book in a temporary folder, and ways to spoil it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for path, text in (_ladder_files() | FILES_OF_DOCS).items():
            self.write(path, text)
        for n, name in NAMES.items():
            self.write(f"docs/stages/{name}.md", CHAPTER.format(n=n, extra=EXTRA[n]))
        ladder = load(root)
        write_tree(root / "final/src", composed_sources(ladder, ladder.last))

    @property
    def project(self) -> Project:
        """The book as it now lies on disk."""
        return Project(self.root)

    def path(self, path: str) -> Path:
        """Give a path below the root."""
        return self.root / path

    def write(self, path: str, text: str) -> None:
        """Write a file below the root."""
        self.path(path).parent.mkdir(parents=True, exist_ok=True)
        self.path(path).write_text(text, "utf-8")

    def read(self, path: str) -> str:
        """Read a file below the root."""
        return self.path(path).read_text("utf-8")

    def edit(self, path: str, find: str, replace: str) -> None:
        """Replace a text that occurs exactly once."""
        text = self.read(path)
        assert text.count(find) == 1, f"{find!r} occurs {text.count(find)} times"
        self.write(path, text.replace(find, replace))

    def render(self, text: str, n: int | None = 3) -> str:
        """Render directives on a page of stage `n` and return all HTML."""
        return self.page(text, n)[1]

    def page(self, text: str, n: int | None = 3) -> tuple[Page, str]:
        """Render directives; return the page's state and all that it shows."""
        page = Page(self.project)
        if n is not None:
            page.begin(n, NAMES[n], chapter=True)
        kept: list[str] = []

        def stash(html: str) -> str:
            kept.append(html)
            return ""

        lines = render_page(page, text.splitlines(), stash)
        return page, "\n".join([*lines, *kept])

    def make_site(self) -> None:
        """Add what the builders need: the real settings with the toy's pages."""
        shutil.copytree(ROOT / "docs/assets", self.path("docs/assets"))
        settings = (ROOT / "mkdocs.yml").read_text("utf-8")
        head, found, _ = settings.partition("\nnav:\n")
        assert found
        pages = "".join(f"  - stages/{name}.md\n" for name in NAMES.values())
        nav = f"\nnav:\n  - index.md\n{pages}  - reference/index.md\n"
        self.write("mkdocs.yml", head + nav)


@pytest.fixture
def book(tmp_path: Path) -> Book:
    """Write the toy book; nothing is recorded yet."""
    return Book(tmp_path / "toy")


@pytest.fixture
def recorded(book: Book) -> Book:
    """Write the toy book with its recordings."""
    from tools.book.check import record

    assert record(book.project, say=lambda line: None) == 0
    return book


@pytest.fixture
def repository() -> Path:
    """Give the root of this repository."""
    return ROOT


def timed(us: float, calls: int = 7, bytecodes: int = 400) -> dict[str, Any]:
    """Return what was found in process."""
    return {
        "us": summary([us]),
        "driver_us": 1.5,
        "calls": calls,
        "bytecodes": bytecodes,
        "steady": True,
        "refused": [],
    }


def loaded(rps: float, errors: int = 0) -> dict[str, Any]:
    """Return what was found over the wire."""
    return {"rps": summary([rps]), "p99_ms": summary([2.25]), "errors": errors}


def compared() -> dict[str, Any]:
    """Return what was found beside others: a figure, a dash, an error, an odd name."""
    no = {"unsupported": "Falcon has <no> `dependencies`"}
    return {
        "schema": 1,
        "date": "2026-01-02",
        "mode": "full",
        "machine": {"cpu": "A <CPU> & co", "cores": 2, "load_before": 0.1},
        "versions": {"python": "3.11.7", "fastapi": "0.165.0", "commit": "abc", "x": 1},
        "method": {"rounds": 7, "notes": {"falcon": {"query": "its `own` <way>"}}},
        "inprocess": {
            "raw": {"body": timed(15.5), "dependencies": timed(6.25)},
            "ideal": {"body": timed(5.0), "dependencies": timed(3.0)},
            "microlith": {"body": timed(9.5), "dependencies": timed(12.0)},
            "fastapi": {"body": timed(95.0), "dependencies": {"error": "<500>"}},
            "falcon": {"body": timed(19.0), "dependencies": no},
        },
        "wire": {
            "raw": {"plaintext": loaded(40000.0), "body": loaded(20000.0)},
            "microlith": {"plaintext": loaded(30000.0), "body": loaded(25000.0)},
            "fastapi": {"plaintext": loaded(10000.0, errors=3), "body": loaded(5000)},
            "microlith+granian": {"plaintext": loaded(50000.0), "body": loaded(45000)},
        },
    }


def alone() -> dict[str, Any]:
    """Return what was found of microlith alone, and the goals."""
    return {
        "footprint": {
            "frameworks": {
                "microlith": {
                    "import_ms": summary([150.0]),
                    "distributions": ["microlith", "pydantic"],
                }
            }
        },
        "features": {
            "a plain request": timed(3.5, 6, 391),
            "a middleware": {"calls": 2, "bytecodes": 28, "us": -0.5, "steady": True},
            "a timeout": {"calls": 9, "bytecodes": 1188, "us": None, "steady": False},
        },
        "stages": {
            "01": {"plaintext": timed(2.0, 5, 150)},
            "02": {"plaintext": timed(2.5, 5, 300), "path": timed(7.0, 11, 592)},
        },
        "scaling": {
            "workers": {
                "cores": 2,
                "1": {"rps": summary([40000.0])},
                "2": {"rps": summary([60000.0])},
            },
            "routes": {"last_of_10000": timed(11.0, 9, 780)},
            "websockets": {"open": 1000, "kib_each": 21.84, "rps": 13177.9},
            "slow_client": {"seconds": 9.0, "highest_growth_mib": 0.25},
        },
        "goals": [
            {
                "goal": "ahead",
                "scope": scope,
                "wanted": "above <1x>",
                "reached": reached,
                "met": met,
            }
            for scope, reached, met in (
                ("json", 1.5, True),
                ("query", 0.987, False),
                ("stream", None, None),
            )
        ],
    }


@pytest.fixture
def data() -> dict[str, Any]:
    """Give a small file of results."""
    return compared() | alone()
