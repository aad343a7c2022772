"""The syntax of directives: from the lines of a page to `Directive` objects.

Owns where a directive may stand, how its arguments are read and what belongs to
its block. It must not know what any directive means.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NoReturn

from tools.book.errors import BookError

__all__ = ["Arguments", "Directive", "fence_after", "scan", "split_words"]

START = re.compile(r"( *)@@([a-z]+)(?:[ \t]+(.*))?$")
CONTAINER = re.compile(r"( *)(!!!|\?\?\?\+?|===!?\+?)(?= |$)")
FENCE = re.compile(r" *(`{3,}|~{3,})")
WORD = re.compile(
    r"""\s*(?:(?P<key>[a-z]+)=)?(?P<value>"(?:[^"\\]|\\.)*"|'[^']*'|[^\s"']\S*)(?=\s|$)"""
)


@dataclass(frozen=True, slots=True)
class Directive:
    """One directive of a page: its name, its arguments and its block."""

    name: str
    rest: str
    block: tuple[str, ...]
    line: int
    indent: int

    def fail(self, message: str) -> NoReturn:
        """Refuse this directive and name its place."""
        raise BookError(f"{self.where}: {message}")

    @property
    def where(self) -> str:
        """The directive and its line, for messages."""
        return f"line {self.line}: @@{self.name} {self.rest}".rstrip()

    def arguments(self, *keys: str) -> Arguments:
        """Read the whole rest of the line as words and `key=value` options."""
        words, options, left = split_words(self.rest, keys, stop=False)
        if left:
            self.fail(f"cannot read {left!r}; quote texts with spaces")
        for key, _ in options:
            if key not in keys:
                known = ", ".join(f"{k}=" for k in keys) or "none"
                self.fail(f"the option {key}= is unknown; known options: {known}")
        return Arguments(self, tuple(words), tuple(options))

    def no_block(self) -> None:
        """Refuse a block where none has a meaning."""
        if self.block:
            self.fail("this directive takes no block; add an empty line below it")


@dataclass(frozen=True, slots=True)
class Arguments:
    """The words and options of a directive."""

    directive: Directive
    words: tuple[str, ...]
    options: tuple[tuple[str, str], ...]

    def all(self, key: str) -> tuple[str, ...]:
        """Return every value of a repeatable option."""
        return tuple(value for name, value in self.options if name == key)

    def get(self, key: str, default: str = "") -> str:
        """Return an option that may be given once."""
        values = self.all(key)
        if len(values) > 1:
            self.directive.fail(f"{key}= is given twice; keep one")
        return values[0] if values else default

    def number(self, key: str, default: int) -> int:
        """Return an option that is a whole number."""
        value = self.get(key, str(default))
        if not value.isdecimal():
            self.directive.fail(f"{key}= must be a number, not {value!r}")
        return int(value)

    def choice(self, key: str, *choices: str) -> str:
        """Return one of some words; the first is the default."""
        value = self.get(key, choices[0])
        if value not in choices:
            self.directive.fail(f"{key}= must be one of {', '.join(choices)}")
        return value

    def only(self, count: int, usage: str) -> tuple[str, ...]:
        """Return the words if there are exactly `count`."""
        if len(self.words) != count:
            self.directive.fail(f"write it as {usage}")
        return self.words


def unquote(value: str) -> str:
    """Remove quotes; inside double quotes a backslash keeps the next sign."""
    if value[:1] == '"':
        return re.sub(r"\\(.)", r"\1", value[1:-1])
    return value[1:-1] if value[:1] == "'" else value


def split_words(
    text: str, keys: Iterable[str], *, stop: bool
) -> tuple[list[str], list[tuple[str, str]], str]:
    """Split shell-like; with `stop`, end at the first word that is no option."""
    words: list[str] = []
    options: list[tuple[str, str]] = []
    known = set(keys)
    position = 0
    text = text.rstrip()
    while position < len(text):
        match = WORD.match(text, position)
        if match is None:
            break
        key, value = match["key"], unquote(match["value"])
        if stop and key not in known:
            break
        if key is None:
            words.append(value)
        else:
            options.append((key, value))
        position = match.end()
    return words, options, text[position:].strip()


def scan(lines: Iterable[str]) -> Iterator[str | Directive]:
    """Yield the lines of a page, with each directive in place of its lines."""
    rows = list(lines)
    fence = ""
    containers: list[int] = []
    position = 0
    while position < len(rows):
        row = rows[position]
        position += 1
        if fence:
            fence = fence_after(row, fence)
            yield row
            continue
        if row.strip():
            indent = len(row) - len(row.lstrip(" "))
            containers = [inner for inner in containers if inner <= indent]
        fence = fence_after(row, fence)
        container = CONTAINER.match(row)
        if container:
            containers.append(len(container[1]) + 4)
        start = START.match(row)
        if start is None or not _may_stand(len(start[1]), containers):
            yield row
            continue
        block, consumed = _block(rows[position:], len(start[1]) + 4)
        yield Directive(
            start[2], (start[3] or "").strip(), block, position, len(start[1])
        )
        position += consumed


def fence_after(row: str, fence: str) -> str:
    """Return the fence that is open after a row; `fence` is the one before it."""
    if fence:
        return "" if _closes(row, fence) else fence
    opened = FENCE.match(row)
    return opened[1] if opened else ""


def _closes(row: str, fence: str) -> bool:
    text = row.strip()
    return len(text) >= len(fence) and set(text) == {fence[0]}


def _may_stand(indent: int, containers: list[int]) -> bool:
    return indent == 0 or (bool(containers) and indent == containers[-1])


def _block(rows: list[str], indent: int) -> tuple[tuple[str, ...], int]:
    """Take the lines below a directive that are indented deeper."""
    if not rows or not rows[0].startswith(" " * indent) or not rows[0].strip():
        return (), 0
    taken = 0
    for count, row in enumerate(rows, start=1):
        if row.strip() and not row.startswith(" " * indent):
            break
        if row.strip():
            taken = count
    return tuple(row[indent:] for row in rows[:taken]), taken
