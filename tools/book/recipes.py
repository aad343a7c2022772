"""What a page asks to be run: `@@run` and `@@trace` as data.

A recipe has a key; a stored recording carries the same key, so that a page never
shows the output of another command. It must not run anything.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from tools.book.directives import Directive, split_words
from tools.book.page import digest

__all__ = ["Recipe", "TraceRequest", "recipe"]

RUN_KEYS = ("expect", "serve", "head", "tail", "file", "show", "log")
TRACE_KEYS = ("body", "header", "message", "title", "calls")
IDENTIFIER = re.compile(r"\[([a-z0-9][a-z0-9-]*)\]\s*(.*)$", re.DOTALL)
METHOD = re.compile(r"[A-Z]+")
CHOICES = {
    "expect": ("ok", "fail"),
    "show": ("both", "script", "output"),
    "log": ("no", "yes"),
    "calls": ("yes", "no"),
}


@dataclass(frozen=True, slots=True)
class TraceRequest:
    """What is sent to a traced app."""

    file: str
    method: str
    target: str
    bodies: tuple[str, ...]
    headers: tuple[str, ...]
    messages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Recipe:
    """One thing to run and where its recording goes."""

    kind: str
    identifier: str
    command: str
    script: str
    stage: int
    options: Mapping[str, str] = field(default_factory=dict)
    request: TraceRequest | None = None

    @property
    def key(self) -> str:
        """A name for everything that decides what is run."""
        shown = {"show", "title"}
        options = {k: v for k, v in self.options.items() if k not in shown}
        parts = [self.kind, self.command, self.script, str(self.stage), options]
        return digest(json.dumps(parts, sort_keys=True))

    @property
    def suffix(self) -> str:
        """The ending of the recording's file."""
        return ".txt" if self.kind == "run" else ".json"

    def option(self, key: str) -> str:
        """Return an option; the default is the first of its choices."""
        return self.options.get(key, CHOICES.get(key, ("",))[0])


def recipe(directive: Directive, stage: int) -> Recipe:
    """Read a `@@run` or `@@trace`."""
    keys = RUN_KEYS if directive.name == "run" else TRACE_KEYS
    identifier, rest = _identifier(directive)
    if directive.name == "run":
        words, pairs, command = split_words(rest, keys, stop=True)
        made = _run(directive, identifier, command, _options(directive, pairs), stage)
    else:
        words, pairs, left = split_words(rest, keys, stop=False)
        if left:
            directive.fail(f"cannot read {left!r}; quote texts with spaces")
        made = _trace(directive, identifier, words, pairs, rest, stage)
    if not made.identifier:
        directive.fail("nothing to name the recording after; write [id] in front")
    return made


def _identifier(directive: Directive) -> tuple[str, str]:
    match = IDENTIFIER.match(directive.rest)
    if match:
        return match[1], match[2]
    if directive.rest.startswith("["):
        directive.fail("an id is made of a-z, 0-9 and -; write it as [first-run]")
    return "", directive.rest


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60].strip("-")


def _options(
    directive: Directive, pairs: list[tuple[str, str]], repeat: tuple[str, ...] = ()
) -> dict[str, str]:
    options: dict[str, str] = {}
    for key, value in pairs:
        if key in options and key not in repeat:
            directive.fail(f"{key}= is given twice; keep one")
        if key in CHOICES and value not in CHOICES[key]:
            directive.fail(f"{key}= must be one of {', '.join(CHOICES[key])}")
        if key in ("head", "tail") and not value.isdecimal():
            directive.fail(f"{key}= must be a number of lines")
        options[key] = value
    return options


def _run(
    directive: Directive,
    identifier: str,
    command: str,
    options: dict[str, str],
    stage: int,
) -> Recipe:
    script = _script(directive)
    if not command:
        directive.fail("write the command, such as @@run [first] python demo.py")
    if script and command != "python" and "file" not in options:
        directive.fail("only `python` takes a block; else name it with file=name.py")
    file = options.get("file", "")
    if file and (not script or not re.fullmatch(r"[a-z_]+\.py", file)):
        directive.fail("file= names the script in the block, such as file=shop.py")
    if {"head", "tail"} <= set(options):
        directive.fail("give head= or tail=, not both")
    name = identifier or _slug(command)
    return Recipe("run", name, command, script, stage, options)


def _trace(
    directive: Directive,
    identifier: str,
    words: list[str],
    pairs: list[tuple[str, str]],
    rest: str,
    stage: int,
) -> Recipe:
    known = [pair for pair in pairs if pair[0] in TRACE_KEYS]
    if len(known) != len(pairs):
        directive.fail(f"unknown option; known: {', '.join(TRACE_KEYS)}")
    options = _options(directive, known, ("body", "header", "message"))
    script = _script(directive)
    file = words.pop(0) if words and words[0].endswith(".py") else ""
    if bool(file) == bool(script):
        directive.fail("name a file (demo.py) or write a block that makes `app`")
    if not words or not METHOD.fullmatch(words[0]) or len(words) > 2:
        directive.fail("write the request, such as GET /users/3, or LIFESPAN")
    method, target = words[0], (words[1:] or [""])[0]
    if (method == "LIFESPAN") != (target == ""):
        directive.fail("a request needs a path; LIFESPAN has none")
    request = TraceRequest(
        file or "traced.py",
        method,
        target,
        *(tuple(v for k, v in known if k == key) for key in TRACE_KEYS[:3]),
    )
    name = identifier or _slug(f"{method} {target}")
    return Recipe("trace", name, rest, script, stage, options, request)


def _script(directive: Directive) -> str:
    if not directive.block:
        return ""
    return "\n".join(directive.block).rstrip() + "\n"
