"""`@@quiz`: questions from a TOML file as a form that works without a server.

Owns the file's shape and refuses a question without exactly one right option.
Scripts reveal a reason when an option is chosen; without them the answers are in
a fold.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.book.directives import Directive
from tools.book.errors import BookError
from tools.book.html import details, inline
from tools.book.page import Page

__all__ = ["Option", "Question", "load_quiz", "render_quiz"]


@dataclass(frozen=True, slots=True)
class Option:
    """One answer that a reader may choose."""

    text: str
    why: str
    right: bool


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its options."""

    text: str
    options: tuple[Option, ...]


def load_quiz(path: Path) -> list[Question]:
    """Read a quiz and refuse what a reader could not answer."""
    place = f"docs/quiz/{path.name}"
    if not path.is_file():
        raise BookError(f"{place} is missing; write it")
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise BookError(f"{place}: not valid TOML: {error}") from error
    if set(data) != {"question"}:
        raise BookError(f"{place}: write [[question]] tables and nothing else")
    return [
        _question(table, f"{place}: question {number}")
        for number, table in enumerate(data["question"], start=1)
    ]


def _question(table: dict[str, Any], place: str) -> Question:
    if set(table) != {"text", "option"}:
        raise BookError(f"{place}: needs `text` and [[question.option]] tables only")
    options = tuple(
        _option(entry, f"{place}, option {number}")
        for number, entry in enumerate(table["option"], start=1)
    )
    if len(options) < 2 or sum(option.right for option in options) != 1:
        raise BookError(f"{place}: needs two options or more, exactly one right")
    return Question(_text(table, "text", place), options)


def _option(table: dict[str, Any], place: str) -> Option:
    if not set(table) <= {"text", "why", "right"}:
        raise BookError(f"{place}: only `text`, `why` and `right = true` are known")
    right = table.get("right", False)
    if not isinstance(right, bool):
        raise BookError(f"{place}: `right` is true or false")
    return Option(_text(table, "text", place), _text(table, "why", place), right)


def _text(table: dict[str, Any], key: str, place: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value.strip():
        raise BookError(f"{place}: `{key}` must be a text")
    return value


def render_quiz(page: Page, directive: Directive) -> str:
    """Render `@@quiz`."""
    directive.arguments().only(0, "@@quiz")
    questions = load_quiz(page.project.docs / "quiz" / f"{page.name}.toml")
    parts = [_form(page.identifier("quiz"), question) for question in questions]
    return f'<div class="ml-quiz">\n{chr(10).join(parts)}\n</div>'


def _form(identifier: str, question: Question) -> str:
    choices = "\n".join(
        f'<label><input type="radio" name="{identifier}" value="{number}"> '
        f"<span>{inline(option.text)}</span></label>"
        for number, option in enumerate(question.options, start=1)
    )
    reasons = "\n".join(
        f'<li data-right="{str(option.right).lower()}"><strong>'
        f"{'Right' if option.right else 'Wrong'}:</strong> "
        f"{inline(option.text)}. {inline(option.why)}</li>"
        for option in question.options
    )
    answers = details("Answers", f"<ol>\n{reasons}\n</ol>", "ml-answers")
    return (
        f'<form class="ml-question" id="{identifier}"><fieldset>\n'
        f"<legend>{inline(question.text)}</legend>\n{choices}\n"
        '<p class="ml-verdict" role="status"></p>\n'
        f"{answers}\n</fieldset></form>"
    )
