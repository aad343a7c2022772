"""The diff of a stage: a summary first, no noise, complete."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tools.stages.diff import changes, diff
from tools.stages.model import LadderError

if TYPE_CHECKING:
    from conftest import Toy

GOLDEN = '''\
stage 02 Requests: what changes from stage 01

  + requests.py                  +18
  ~ applications.py              +7 -1
  ~ __init__.py                  +3 (generated)
  = 1 files stay as they are
  new tests in tests/02_requests: 2

+ requests.py: new in stage 02
-------------------------------------------------------------------------------
+"""What a guest asks."""
+
+__all__ = ["EMPTY", "Request"]
+
+EMPTY = ""
+"""The name of a guest who gives none."""
+
+
+class Request:
+    """Hold one question."""
+
+    def __init__(self, raw: str = EMPTY) -> None:
+        self._raw = raw
+
+    @property
+    def name(self) -> str:
+        """The name, without spaces around it."""
+        return self._raw.strip()

~ applications.py: stage 01 -> stage 02
-------------------------------------------------------------------------------
@@ line 1 @@
-"""The application: it greets."""
+"""The application: it greets requests."""
+
+from microlith.requests import Request

 __all__ = ["App"]

@@ line 11 @@
     def greet(self, name: str) -> str:
         """Answer with a greeting."""
         return f"Hello, {name}!"
+
+    def answer(self, request: Request) -> str:
+        """Answer a request."""
+        return self.greet(request.name)
'''


def test_the_whole_text(toy_ladder: Toy) -> None:
    """What a reader sees, apart from the generated file at the end."""
    text = diff(toy_ladder.load(), 2)
    assert text.split("\n~ __init__.py: ")[0] == GOLDEN


def test_the_first_stage_starts_from_nothing(toy_ladder: Toy) -> None:
    """All of its files are new."""
    text = diff(toy_ladder.load(), 1)
    assert text.startswith("stage 01 Hello: what changes from an empty folder\n")
    assert "  ~" not in text


def test_a_stage_that_is_not_written_has_no_diff(toy_ladder: Toy) -> None:
    """It says so."""
    with pytest.raises(LadderError, match="planned, not written"):
        diff(toy_ladder.load(), 4)


def test_equal_files_do_not_appear() -> None:
    """Only what differs is a change."""
    [change] = changes({"a": b"1\n", "b": b"1\n"}, {"a": b"1\n", "b": b"2\n"})
    assert (change.path, change.mark, change.added, change.removed) == ("b", "~", 1, 1)
