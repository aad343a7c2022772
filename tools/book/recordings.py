"""Recordings on disk: what a recipe gave when it was run.

Owns the two file formats and the refusal of a missing or foreign recording. It
must not run anything and knows no HTML.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools.book.errors import BookError
from tools.book.recipes import Recipe

__all__ = ["GAP", "kept", "path_of", "read", "serialise"]

RULE = "-" * 20

GAP = "⋯"
"""The line that stands for lines that are not recorded."""


def path_of(folder: Path, recipe: Recipe) -> Path:
    """Return where a recording is stored."""
    return folder / f"{recipe.identifier}{recipe.suffix}"


def serialise(recipe: Recipe, result: str | Mapping[str, Any]) -> str:
    """Return the text of a recording's file."""
    if isinstance(result, str):
        head = f"key: {recipe.key}\ncommand: {recipe.command}\n{RULE}\n"
        return head + kept(recipe, result)
    body = {"key": recipe.key, "command": recipe.command, **result}
    return json.dumps(body, indent=1, ensure_ascii=False) + "\n"


def kept(recipe: Recipe, output: str) -> str:
    """Return the part of an output that the page shows, a mark for the rest.

    Only that part is recorded and compared: how the lines of two streams mix far
    above it may differ from run to run.
    """
    lines = output.splitlines()
    head, tail = (int(recipe.options.get(key, 0)) for key in ("head", "tail"))
    if head and len(lines) > head:
        lines = [*lines[:head], GAP]
    elif tail and len(lines) > tail:
        lines = [GAP, *lines[-tail:]]
    return "".join(f"{line}\n" for line in lines)


def read(folder: Path, recipe: Recipe) -> Any:
    """Return the output (run) or the events (trace) of a recording."""
    path = path_of(folder, recipe)
    advice = f"run `python -m tools.book record {folder.name}`"
    if not path.is_file():
        raise BookError(f"the recording {path.name} is missing; {advice}")
    text = path.read_text("utf-8")
    result: Any
    if recipe.kind == "run":
        head, _, result = text.partition(f"\n{RULE}\n")
        key = head.partition("\n")[0].removeprefix("key: ")
    else:
        result = json.loads(text)
        key = result.get("key", "")
    if key != recipe.key:
        raise BookError(
            f"the recording {path.name} is of another command or script; {advice}"
        )
    return result
