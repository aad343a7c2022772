"""The command line of the book: record, check, build, zensical, preview.

Owns arguments, exit codes and the one-line form of errors. It must not do any of
the work itself.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.book.errors import BookError
from tools.book.project import Project
from tools.stages.model import LadderError

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = _parser().parse_args(arguments)
    root = Path(options.root).resolve()
    try:
        return _run(Project(root), options)
    except (BookError, LadderError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.book", description=__doc__)
    parser.add_argument("--root", default=".", help="the root of the repository")
    commands = parser.add_subparsers(dest="command", required=True)
    record = commands.add_parser("record", help="run what pages ask for, store it")
    record.add_argument("page", nargs="*", help="a page, such as 03-routing")
    record.add_argument(
        "--missing", action="store_true", help="only what is missing or asked anew"
    )
    check = commands.add_parser("check", help="run every check of the book")
    check.add_argument("page", nargs="*", help="a page, such as 03-routing")
    check.add_argument(
        "--no-run", action="store_true", help="do not run the recordings again"
    )
    check.add_argument("--no-site", action="store_true", help="do not build the site")
    commands.add_parser("build", help="build the site with MkDocs into build/site")
    commands.add_parser("zensical", help="build with Zensical and compare")
    preview = commands.add_parser("preview", help="render one page without a theme")
    preview.add_argument("page", help="a page, such as 03-routing")
    return parser


def _run(project: Project, options: argparse.Namespace) -> int:
    if options.command == "record":
        from tools.book.check import record

        return 1 if record(project, options.page, missing=options.missing) else 0
    if options.command == "check":
        from tools.book.check import Checker

        checker = Checker(project, options.page)
        failed = checker.run(rerun=not options.no_run, build=not options.no_site)
        return 1 if failed else 0
    if options.command == "preview":
        from tools.book.preview import preview

        print(preview(project, options.page).relative_to(project.root))
        return 0
    return _site(project, compare=options.command == "zensical")


def _site(project: Project, *, compare: bool) -> int:
    from tools.book import site

    first = site.build(project.root)
    print(f"built {first.relative_to(project.root)}")
    if not compare:
        return 0
    second = site.build_zensical(project.root)
    print(f"built {second.relative_to(project.root)}")
    faults = site.compare_sites(first, second)
    print("\n".join(faults) or "both builders made the same pages and code blocks")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
