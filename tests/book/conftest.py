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

import pytest

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

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
