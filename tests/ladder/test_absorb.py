"""Edits in final/src go down to the layers; none is lost in either direction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tools.stages import absorb
from tools.stages.merge import merge
from tools.stages.model import LadderError

if TYPE_CHECKING:
    from conftest import Toy

APP = "microlith/applications.py"
FINAL = f"final/src/{APP}"


def layer(toy: Toy, folder: str) -> str:
    """Read a stage's version of the application."""
    return toy.read(f"stages/{folder}/src/{APP}")


def test_equal_trees_need_nothing(toy_ladder: Toy) -> None:
    """No difference, no outcome, nothing written."""
    assert absorb.differences(toy_ladder.load()) == []
    assert absorb.absorb(toy_ladder.load()) == []
    assert absorb.sync(toy_ladder.load()) == []


def test_an_edit_that_fits_everywhere_goes_everywhere(toy_ladder: Toy) -> None:
    """The greeting is the same in three versions."""
    toy_ladder.edit(FINAL, "Hello,", "Welcome,")
    outcomes = absorb.absorb(toy_ladder.load())
    assert [(o.stage, o.result) for o in outcomes] == [
        ("03_chain", "applied cleanly"),
        ("02_requests", "applied cleanly"),
        ("01_hello", "applied cleanly"),
    ]
    for folder in ("01_hello", "02_requests", "03_chain"):
        assert "Welcome," in layer(toy_ladder, folder)
    assert "compile_chain" not in layer(toy_ladder, "02_requests")
    assert absorb.differences(toy_ladder.load()) == []


def test_an_edit_that_does_not_fit_leaves_the_old_version(toy_ladder: Toy) -> None:
    """Stage 2 answers in another way, stage 1 not at all."""
    before = layer(toy_ladder, "02_requests"), layer(toy_ladder, "01_hello")
    toy_ladder.edit(FINAL, "(request.name)", "(request.name.title())")
    outcomes = absorb.absorb(toy_ladder.load())
    results = [outcome.result for outcome in outcomes]
    assert results == ["applied cleanly", "conflict", "conflict"]
    assert "backport by hand" in str(outcomes[1])
    assert (layer(toy_ladder, "02_requests"), layer(toy_ladder, "01_hello")) == before
    assert ".title()" in layer(toy_ladder, "03_chain")


def test_a_version_that_has_the_edit_is_identical(toy_ladder: Toy) -> None:
    """An edit made by hand before is no conflict."""
    toy_ladder.edit(FINAL, "Hello,", "Welcome,")
    toy_ladder.edit(f"stages/01_hello/src/{APP}", "Hello,", "Welcome,")
    outcomes = absorb.absorb(toy_ladder.load())
    assert [o.result for o in outcomes][2] == "identical"
    assert str(outcomes[2]).endswith("identical already; nothing to do")


def test_check_only_reports(toy_ladder: Toy) -> None:
    """Nothing is written without `write`."""
    before = layer(toy_ladder, "03_chain")
    toy_ladder.edit(FINAL, "Hello,", "Welcome,")
    assert len(absorb.absorb(toy_ladder.load(), write=False)) == 3
    assert layer(toy_ladder, "03_chain") == before


def test_a_new_export_regenerates_the_init(toy_ladder: Toy) -> None:
    """The generated file follows the edit of `__all__`."""
    toy_ladder.edit(FINAL, '__all__ = ["App"]', '__all__ = ["App", "NAME"]\nNAME = 1')
    absorb.absorb(toy_ladder.load())
    assert '"NAME",' in toy_ladder.read("final/src/microlith/__init__.py")
    assert absorb.differences(toy_ladder.load()) == []


def test_an_edit_of_the_generated_file_is_refused(toy_ladder: Toy) -> None:
    """It would be lost with the next composition."""
    toy_ladder.append("final/src/microlith/__init__.py", "\nX = 1\n")
    with pytest.raises(LadderError, match="is generated, but was edited"):
        absorb.absorb(toy_ladder.load())


def test_a_new_file_in_final_is_refused(toy_ladder: Toy) -> None:
    """It says where the file belongs; `sync` does not delete it."""
    toy_ladder.write("final/src/microlith/extra.py", '"""New."""\n')
    message = "create it in the src of the stage that introduces it"
    with pytest.raises(LadderError, match=message):
        absorb.absorb(toy_ladder.load())
    [problem] = absorb.differences(toy_ladder.load())
    assert "final/src/microlith/extra.py is in no layer" in problem
    with pytest.raises(LadderError, match="move or delete it"):
        absorb.sync(toy_ladder.load(), force=True)
    assert toy_ladder.path("final/src/microlith/extra.py").exists()


def test_a_file_missing_in_final(toy_ladder: Toy) -> None:
    """Absorb refuses, sync restores."""
    toy_ladder.remove(FINAL)
    with pytest.raises(LadderError, match="layers never delete"):
        absorb.absorb(toy_ladder.load())
    assert absorb.differences(toy_ladder.load()) == [
        f"{FINAL} is missing; run python -m tools.stages sync"
    ]
    assert absorb.sync(toy_ladder.load()) == [APP]
    assert absorb.differences(toy_ladder.load()) == []


def test_a_drifted_layer_is_seen_and_synced_with_force(toy_ladder: Toy) -> None:
    """Only force overwrites what may be an edit."""
    toy_ladder.edit(f"stages/03_chain/src/{APP}", "Hello,", "Welcome,")
    [problem] = absorb.differences(toy_ladder.load())
    assert f"{FINAL} differs from the layers" in problem
    with pytest.raises(LadderError, match=r"differs from the layers in .*--force"):
        absorb.sync(toy_ladder.load())
    assert "Hello," in toy_ladder.read(FINAL)
    assert absorb.sync(toy_ladder.load(), force=True) == [APP]
    assert absorb.differences(toy_ladder.load()) == []


def test_one_byte_is_a_difference(toy_ladder: Toy) -> None:
    """Equality is byte for byte, line ends included."""
    path = toy_ladder.path(FINAL)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert len(absorb.differences(toy_ladder.load())) == 1


@pytest.mark.parametrize(
    ("ours", "base", "theirs", "result"),
    [
        ("a b c", "a b c", "a X c", "a X c"),
        ("a b", "a b c", "a X c", "a X"),
        ("z a b c", "a b c", "a X c", "z a X c"),
        ("a b c d", "a b c", "a X b c", "a X b c d"),
        ("a b c d", "a b c", "a c", "a c d"),
        ("a b c d", "a b c", "X a b c", "X a b c d"),
        ("z a b", "a b", "a b X", "z a b X"),
        ("a b c d e", "a b c d e", "a X c Y e", "a X c Y e"),
        ("a X c", "a b c", "a X c", "a X c"),
        ("a X", "a b c", "a X c", "a X"),
        ("a c d", "a b c", "a c", "a c d"),
        ("a X c d e", "a b c d e", "a X c Y e", "a X c Y e"),
        ("a Z c", "a b c", "a X c", None),
        ("a c", "a b c", "a X c", None),
        ("a b", "a b c", "a b X c", None),
        ("z a b", "a b", "X a b", None),
        ("a b z", "a b", "a b X", None),
        ("b", "a b c", "a X c", None),
        ("x - y", "a b - c d", "a b X c d", None),
        ("a b c Z e", "a b c d e", "a X c Y e", None),
    ],
)
def test_merge_applies_an_edit_or_nothing(
    ours: str, base: str, theirs: str, result: str | None
) -> None:
    """Each word stands for a line, a dash for a blank one."""

    def lines(words: str) -> bytes:
        return "".join(f"{word.strip('-')}\n" for word in words.split()).encode()

    merged = merge(lines(ours), lines(base), lines(theirs))
    assert merged == (None if result is None else lines(result))
