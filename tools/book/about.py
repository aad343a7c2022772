"""What a stage says of itself: card, tree, invariants, hints, exercises.

Reads `stage.toml` through the ladder and the files of the stage's folder. Where a
page's own links matter, the result is Markdown, so that the site's builder
resolves them. It must not know recordings.
"""

from __future__ import annotations

from tools.book.compare import compare
from tools.book.directives import Directive
from tools.book.errors import BookError
from tools.book.html import details, escape, inline, markdown, plain_box
from tools.book.page import Page
from tools.book.project import GENERATED, Project
from tools.book.snippets import split_target
from tools.book.symbols import find

__all__ = [
    "change_of",
    "chapter_name",
    "render_card",
    "render_exercise",
    "render_hints",
    "render_invariants",
    "render_tree",
    "test_anchor",
]


def chapter_name(project: Project, n: int) -> str:
    """Return the name of a stage's chapter: `03-routing`."""
    return project.stage(n).name.replace("_", "-", 1)


def change_of(project: Project, n: int, path: str) -> tuple[int, int]:
    """Count the lines that a stage adds to and removes from a file."""
    old = project.modules(n - 1).get(path, "").splitlines()
    rows = compare(old, project.modules(n)[path].splitlines())
    return sum(r.sign == "+" for r in rows), sum(r.sign == "-" for r in rows)


def render_card(page: Page, directive: Directive) -> list[str]:
    """Render `@@card N` as Markdown inside one box; it sets the page's stage."""
    (number,) = directive.arguments().only(1, "@@card 3")
    if not number.isdecimal():
        directive.fail("write the number of the stage, such as @@card 3")
    n = int(number)
    project = page.project
    project.stage(n)
    page.begin(n, chapter_name(project, n), chapter=True)
    stage, plan = page.stage, project.ladder.plan(n)
    files = [path for path in project.written(n) if path != GENERATED]
    before = project.modules(n - 1)
    counts = [change_of(project, n, path) for path in files]
    # A no-break space: the sign stays on the line of its file.
    signs = {path: "~" if path in before else "+" for path in files}
    marks = " · ".join(f"{signs[path]}\N{NO-BREAK SPACE}`{path}`" for path in files)
    needs = ", ".join(_chapter_link(project, k) for k in stage.needs) or "nothing"
    added, removed = sum(c[0] for c in counts), sum(c[1] for c in counts)
    return [
        '<div class="ml-card" markdown="1">',
        "",
        f"**Stage {n:02d} · {stage.title}**{{.ml-card-title}}",
        "",
        f"- **Time**: {stage.minutes['read']} minutes to read, "
        f"{stage.minutes['build']} to build",
        f"- **Code**: +{added} −{removed} lines",
        f"- **Files**: {marks}",
        f"- **Needs**: {needs}",
        f"- **After this you can** {plan.after}",
        f"- **Start**: `make start {n}`, then `make test-stage {n} DIR=mine`",
        "",
        "</div>",
    ]


def _chapter_link(project: Project, n: int) -> str:
    name = chapter_name(project, n)
    title = f"stage {n:02d}"
    there = (project.docs / "stages" / f"{name}.md").is_file()
    return f"[{title}]({name}.md)" if there else title


def render_tree(page: Page, directive: Directive) -> str:
    """Render `@@tree`, `@@tree changed` and `@@tree tests`."""
    words = directive.arguments().words
    if not set(words) <= {"changed", "tests"}:
        directive.fail("write @@tree, @@tree changed or @@tree tests")
    n, project = page.number, page.project
    written, before = set(project.written(n)), project.modules(n - 1)
    rows: list[str] = []
    for path, text in project.modules(n).items():
        change = ""
        mark, word = "", "unchanged"
        if path == GENERATED:
            word = "generated"
        elif path in written:
            mark, word = ("~", "changed") if path in before else ("+", "new")
            added, removed = change_of(project, n, path)
            change = f"+{added} −{removed}"
        elif "changed" in words:
            continue
        rows.append(_tree_row(mark, word, path, len(text.splitlines()), change))
    if "tests" in words:
        for name, text in project.test_sources(n).items():
            path = f"tests/{page.stage.name}/{name}"
            rows.append(_tree_row("+", "new", path, len(text.splitlines()), ""))
    body = "\n".join(rows)
    return (
        '<div class="ml-tree" tabindex="0" role="group" '
        f'aria-label="Files of stage {n:02d}"><table class="ml-files">\n'
        "<thead><tr><th>File</th><th>State</th><th>Lines</th><th>Change</th></tr>"
        f"</thead>\n<tbody>\n{body}\n</tbody></table></div>"
    )


def _tree_row(mark: str, word: str, path: str, lines: int, change: str) -> str:
    return (
        f'<tr class="ml-{word}"><td><code>{escape(path)}</code></td>'
        f"<td>{mark} {word}</td><td>{lines}</td><td>{change}</td></tr>"
    )


def test_anchor(test: str) -> str:
    """Return the anchor that `@@full` gives to a test."""
    file, _, name = test.rpartition("/")[2].partition("::")
    name = name.partition("[")[0].replace("::", ".")
    return f"test-{file.removesuffix('.py')}-{name}"


def _test_link(page: Page, test: str) -> str:
    file, _, name = test.partition("::")
    shown = escape(name.partition("[")[0].replace("::", "."))
    text = page.project.test_sources(page.number).get(file)
    if text is None:
        raise BookError(f"{page.stage.name}/tests has no {file}; correct {test}")
    find(text, name.partition("[")[0].replace("::", "."))
    return f'<a href="#{escape(test_anchor(test))}"><code>{shown}</code></a>'


def render_invariants(page: Page, directive: Directive) -> str:
    """Render `@@invariants`: each sentence with the tests that guard it."""
    directive.arguments().only(0, "@@invariants")
    if not page.stage.invariants:
        directive.fail("stage.toml has no [[invariant]]; write one")
    items = "\n".join(
        f'<li id="invariant-{number}">{inline(invariant.text)} '
        '<span class="ml-guard">Guarded by '
        f"{', '.join(_test_link(page, test) for test in invariant.tests)}.</span></li>"
        for number, invariant in enumerate(page.stage.invariants, start=1)
    )
    return f'<ol class="ml-invariants">\n{items}\n</ol>'


def render_hints(page: Page, directive: Directive) -> str:
    """Render `@@hints`: question, then text, then code."""
    hints = page.stage.hints
    words = directive.arguments().words or tuple(
        str(n) for n in range(1, len(hints) + 1)
    )
    if not hints:
        directive.fail("stage.toml has no [[hint]]; write one")
    parts: list[str] = []
    for word in words:
        if not word.isdecimal() or not 1 <= int(word) <= len(hints):
            directive.fail(f"there is no hint {word}; choose 1 to {len(hints)}")
        hint = hints[int(word) - 1]
        file, symbol = split_target(hint.symbol)
        text = page.project.source(file, page.number).text
        if symbol:
            span = find(text, symbol)
            text = "\n".join(text.splitlines()[span.first - 1 : span.last])
        code = details(
            f"Show me the code: <code>{escape(hint.symbol)}</code>",
            f"<div data-search-exclude>{plain_box(text, 'x.py')}</div>",
            "ml-last",
        )
        body = f"{markdown(hint.text)}\n{code}"
        parts.append(details(inline(hint.title), body, "ml-hint"))
    return f'<div class="ml-hints">\n{chr(10).join(parts)}\n</div>'


def render_exercise(page: Page, directive: Directive) -> tuple[list[str], list[str]]:
    """Render `@@exercise name`: Markdown of the README, then HTML of the folds."""
    (name,) = directive.arguments().only(1, "@@exercise 03_1_name")
    folder = f"exercises/{name}"
    texts = {
        file: page.project.source(f"{folder}/{file}", page.number).text
        for file in (
            "README.md",
            "stub.py",
            "test_exercise.py",
            "hints.md",
            "solution.py",
        )
    }
    head = '<div class="ml-exercise" data-search-exclude>\n{}\n</div>'
    folds = [
        details("Stub", plain_box(texts["stub.py"], "stub.py")),
        details("Tests", plain_box(texts["test_exercise.py"], "x.py")),
        details("Hints", markdown(texts["hints.md"]), "ml-hint"),
        details("Solution", plain_box(texts["solution.py"], "x.py"), "ml-last"),
    ]
    return _shifted(texts["README.md"], name), [head.format("\n".join(folds))]


def _shifted(text: str, name: str) -> list[str]:
    """Make the README's headings fit below a chapter's section."""
    lines = text.strip().splitlines()
    if not lines or not lines[0].startswith("# "):
        raise BookError(f"exercises/{name}/README.md must begin with `# Title`")
    result = [f"##{lines[0]} {{#exercise-{name}}}"]
    fenced = False
    for line in lines[1:]:
        fenced ^= line.startswith("```")
        result.append(f"##{line}" if line.startswith("#") and not fenced else line)
    return ["", *result, ""]
