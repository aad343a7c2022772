"""Tell a reader where their code differs, which tests fail, and what to read.

First by symbol: what is missing, not built, or written differently (which is no
fault in itself). Then by test: what each failing one guards, the hint that fits
and the place in the reference. Hints come one at a time (`HINT=2` shows the
second too) and the reference's text only with `SHOW=1`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from tools.stages.compose import composed_sources, tree_files
from tools.stages.model import Ladder, LadderError
from tools.stages.runner import (
    hints_for,
    invariants_for,
    run_stage,
    source_folder,
)
from tools.stages.runs import Outcome, Run, base_name
from tools.stages.symbols import Comparison, Symbol, compare, symbols

__all__ = ["report"]

SHOWN = 5
"""How many failing tests are explained at once."""

LISTED = 20
"""How many symbols of one kind are listed."""


def report(
    ladder: Ladder,
    n: int,
    directory: Path,
    *,
    hint: int | None = None,
    show: bool | None = None,
) -> str:
    """Compare a reader's code with stage `n`, run its tests, and advise.

    `hint` and `show` are HINT and SHOW of the environment unless given.
    """
    level = _level() if hint is None else hint
    shows = os.environ.get("SHOW", "") not in ("", "0") if show is None else show
    src = source_folder(directory)
    reference = composed_sources(ladder, n)
    run = run_stage(ladder, n, directory)
    advice = _Advice(ladder, n, reference, tree_files(src), level, shows)
    return "\n".join([*advice.symbols(), "", *advice.tests(run)])


def _level() -> int:
    text = os.environ.get("HINT", "") or "1"
    if not text.isdecimal() or not text.isascii() or int(text) < 1:
        raise LadderError(f"HINT={text} is not a number from 1 on; try HINT=2")
    return int(text)


class _Advice:
    """Write the parts of one report."""

    def __init__(
        self,
        ladder: Ladder,
        n: int,
        reference: dict[str, bytes],
        mine: dict[str, bytes],
        level: int,
        shows: bool,
    ) -> None:
        self.ladder = ladder
        self.n = n
        self.reference = reference
        self.mine = mine
        self.level = level
        self.shows = shows
        self.home = f"build/{n:02d}/src/microlith"

    def symbols(self) -> Iterator[str]:
        """Compare symbol by symbol."""
        stage = self.ladder.stage(self.n)
        found = compare(self.mine, self.reference)
        yield f"stage {self.n:02d} {stage.slug}: your code beside the reference"
        for line in found.broken:
            yield f"does not parse: src/{line}"
        yield from self._missing(found.missing)
        yield from self._pairs("not built yet", found.unbuilt)
        yield from self._pairs("written differently (no fault in itself)", found)
        yield f"the same: {found.same}"

    def _missing(self, missing: Iterable[Symbol]) -> Iterator[str]:
        listed = list(missing)
        if listed:
            yield f"missing: {len(listed)}"
        for symbol in listed[:LISTED]:
            yield f"    {symbol.full}  reference: {self._place(symbol)}"
            yield from self._text(symbol)
        yield from _rest(listed)

    def _pairs(
        self, title: str, pairs: Comparison | tuple[tuple[Symbol, Symbol], ...]
    ) -> Iterator[str]:
        listed = list(pairs.different if isinstance(pairs, Comparison) else pairs)
        if listed:
            yield f"{title}: {len(listed)}"
        for own, symbol in listed[:LISTED]:
            place = self._place(symbol)
            yield f"    {symbol.full}  yours: line {own.line}  reference: {place}"
            yield from self._text(symbol)
        yield from _rest(listed)

    def tests(self, run: Run) -> Iterator[str]:
        """Say which tests fail, and what helps."""
        failed: dict[str, Outcome] = {}
        for outcome in run.outcomes:
            if not outcome.passed:
                failed.setdefault(base_name(outcome.test), outcome)
        passed = sum(outcome.passed for outcome in run.outcomes)
        yield f"tests: {passed} of {len(run.outcomes)} passed"
        for outcome in list(failed.values())[:SHOWN]:
            yield ""
            yield from self._failure(outcome)
        if len(failed) > SHOWN:
            yield f"\n… and {len(failed) - SHOWN} more; begin with the first."

    def _failure(self, outcome: Outcome) -> Iterator[str]:
        yield outcome.test
        yield f"    {outcome.reason or outcome.result}"
        for invariant in invariants_for(self.ladder, self.n, outcome.test):
            yield f"    guards: {invariant.text}"
        hints = hints_for(self.ladder, self.n, outcome.test)
        for number, hint in enumerate(hints, 1):
            yield f"    hint {number} of {len(hints)}: {hint.title}"
            if number > self.level:
                yield f"        HINT={number} shows it"
                continue
            yield from (f"        {line}" for line in hint.text.strip().split("\n"))
            yield from self._where(hint.symbol)

    def _where(self, full: str) -> Iterator[str]:
        """Say where a hint's symbol stands, in the reference and in `mine`."""
        file, _, name = full.partition(":")
        path = f"microlith/{file}"
        symbol = _find(self.reference, path, name)
        if symbol is None:
            yield f"        see: {self.home}/{file}"
            return
        own = _find(self.mine, path, name)
        yours = f"yours: line {own.line}" if own else "yours: missing"
        place = self._place(symbol)
        yield f"        see: {full}  {yours}  reference: {place}"
        yield from self._text(symbol)

    def _place(self, symbol: Symbol) -> str:
        return f"{self.home}/{symbol.file}:{symbol.line}"

    def _text(self, symbol: Symbol) -> Iterator[str]:
        if self.shows:
            source = self.reference[f"microlith/{symbol.file}"].decode()
            lines = source.split("\n")[symbol.line - 1 : symbol.last]
            yield from (f"        | {line}" for line in lines)


def _find(sources: dict[str, bytes], path: str, name: str) -> Symbol | None:
    try:
        return symbols(path, sources.get(path, b"")).get(name)
    except (SyntaxError, ValueError):
        return None


def _rest(listed: list[Symbol] | list[tuple[Symbol, Symbol]]) -> Iterator[str]:
    if len(listed) > LISTED:
        yield f"    … and {len(listed) - LISTED} more"
