"""The command line of the ladder: `python -m tools.stages COMMAND`.

Each command is one small function that calls its module and gives an exit code:
0 done, 1 a check or a test failed, 2 a `LadderError`, printed as one line. The
modules that run tests are imported only by the commands that need them.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tools.stages import absorb, budgets, checks, compose, diff, exports, layers
from tools.stages.model import STAGES, Ladder, LadderError, load

__all__ = ["main"]

ROOT = Path(__file__).resolve().parents[2]

Command = Callable[[Ladder, argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = _options(list(sys.argv[1:] if arguments is None else arguments))
    command: Command = options.run
    try:
        return command(load(options.root), options)
    except LadderError as error:
        print(f"error: {error}", file=sys.stderr)
    except SyntaxError as error:
        where = f"{error.filename}:{error.lineno}"
        print(f"error: {where}: {error.msg}; correct the syntax", file=sys.stderr)
    return 2


def _compose(ladder: Ladder, options: argparse.Namespace) -> int:
    folder = compose.compose(ladder, options.n)
    print(f"stage {options.n:02d} is in {folder.relative_to(ladder.root)}")
    return 0


def _start(ladder: Ladder, options: argparse.Namespace) -> int:
    from tools.stages import start

    start.start(ladder, options.n, options.into, options.force)
    return 0


def _test(ladder: Ladder, options: argparse.Namespace) -> int:
    from tools.stages import runner

    return runner.test_stage(ladder, options.n, options.dir, options.pytest_args)


def _exercise(ladder: Ladder, options: argparse.Namespace) -> int:
    from tools.stages import runner

    return runner.test_exercise(ladder, options.name, options.dir)


def _mine(ladder: Ladder, options: argparse.Namespace) -> int:
    from tools.stages import mine

    print(mine.report(ladder, options.n, options.dir))
    return 0


def _diff(ladder: Ladder, options: argparse.Namespace) -> int:
    print(diff.diff(ladder, options.n), end="")
    return 0


def _absorb(ladder: Ladder, options: argparse.Namespace) -> int:
    outcomes = absorb.absorb(ladder, write=not options.check)
    for outcome in outcomes:
        print(outcome)
    if not outcomes:
        print("final/src holds no edits that the layers lack")
    return 1 if options.check and outcomes else 0


def _sync(ladder: Ladder, options: argparse.Namespace) -> int:
    written = absorb.sync(ladder, force=options.force)
    for path in written:
        print(f"wrote final/src/{path}")
    if not written:
        print("final/src equals the layers already")
    return 0


def _check(ladder: Ladder, options: argparse.Namespace) -> int:
    failed = 0
    for result in checks.run(ladder, fast=options.fast):
        print(result, flush=True)
        failed += bool(result.problems)
    return 1 if failed else 0


def _sizes(ladder: Ladder, options: argparse.Namespace) -> int:
    print(budgets.sizes(ladder))
    return 0


def _layers(ladder: Ladder, options: argparse.Namespace) -> int:
    n = options.n or ladder.last
    print(layers.table(ladder, n))
    problems = layers.check_stage(ladder, n)
    for problem in problems:
        print(problem)
    return 1 if problems else 0


def _exports(ladder: Ladder, options: argparse.Namespace) -> int:
    sources = compose.composed_sources(ladder, options.n or ladder.last)
    print(sources[exports.INIT].decode(), end="")
    return 0


def _options(arguments: list[str]) -> argparse.Namespace:
    """Parse the command line; only `test` takes more after `--`."""
    # argparse loses what follows -- when an option stands before it.
    cut = arguments.index("--") if "--" in arguments else len(arguments)
    parser = _parser()
    options = parser.parse_args(arguments[:cut])
    rest = arguments[cut + 1 :]
    if rest and not hasattr(options, "pytest_args"):
        parser.error(f"only test takes arguments after --: {' '.join(rest)}")
    options.pytest_args = rest
    return options


def _stage_number(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,2}", text) or not 1 <= int(text) <= STAGES:
        raise argparse.ArgumentTypeError(f"a stage is a number from 1 to {STAGES}")
    return int(text)


def _exercise_name(text: str) -> str:
    if not re.fullmatch(r"[0-9]{2}_[a-z0-9_]+", text):
        raise argparse.ArgumentTypeError("an exercise is named like 03_a_longest")
    return text


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.stages", description="Compose and check the ladder."
    )
    parser.add_argument("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, run: Command, text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(run=run)
        return command

    _add_stage_commands(add)
    _add_ladder_commands(add)
    return parser


Add = Callable[[str, Command, str], argparse.ArgumentParser]


def _add_stage_commands(add: Add) -> None:
    """Add the commands that take a stage or an exercise."""
    command = add("compose", _compose, "write stage N to build/NN")
    command.add_argument("n", type=_stage_number, metavar="N")
    command = add("start", _start, "write what a reader of stage N starts from")
    command.add_argument("n", type=_stage_number, metavar="N")
    command.add_argument("--into", type=Path, default=Path("mine"))
    command.add_argument("--force", action="store_true", help="overwrite the folder")
    command = add("test", _test, "run the tests of stages 1 to N")
    command.add_argument("n", type=_stage_number, metavar="N")
    command.add_argument("--dir", type=Path, help="the folder that holds your src/")
    command.epilog = "What follows -- goes to pytest."
    command.set_defaults(pytest_args=[])
    command = add("diff", _diff, "show what stage N changes")
    command.add_argument("n", type=_stage_number, metavar="N")
    command = add("mine", _mine, "compare your code with stage N and find hints")
    command.add_argument("n", type=_stage_number, metavar="N")
    command.add_argument("--dir", type=Path, required=True)
    command = add("exercise", _exercise, "run one exercise's tests")
    command.add_argument("name", type=_exercise_name, metavar="NN_x")
    command.add_argument("--dir", type=Path, help="the folder that holds your file")


def _add_ladder_commands(add: Add) -> None:
    """Add the commands that work on the whole ladder."""
    command = add("absorb", _absorb, "carry edits in final/src into the layers")
    command.add_argument("--check", action="store_true", help="only report")
    command = add("sync", _sync, "write the last stage to final/src")
    command.add_argument("--force", action="store_true", help="overwrite edits")
    command = add("check", _check, "run every check of the ladder")
    command.add_argument("--fast", action="store_true", help="run no tests")
    add("sizes", _sizes, "print lines of code by stage and module")
    for name, run, text in (
        ("layers", _layers, "print each module's layer and imports"),
        ("exports", _exports, "print the generated microlith/__init__.py"),
    ):
        command = add(name, run, text)
        command.add_argument("n", type=_stage_number, metavar="N", nargs="?")


if __name__ == "__main__":
    raise SystemExit(main())
