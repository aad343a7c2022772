"""Make `microlith` mean final/src in every test below this folder.

`make test` sets PYTHONPATH to the same; this is for `pytest tests/final` by hand.
The tests of the stages are elsewhere and choose their own tree.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

for folder in (ROOT, ROOT / "final" / "src"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
