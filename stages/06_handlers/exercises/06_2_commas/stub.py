"""Exercise 06.2: a list with commas."""

from typing import Any

from microlith.params import Query, Reader
from microlith.signatures import Parameter


class Commas(Query):
    """One query value, read as a list."""

    def bind(self, parameter: Parameter, context: Any) -> Reader:
        """Return the reader of the whole value, split at its commas."""
        # TODO: refuse what is no list; read one value; split it.
        return super().bind(parameter, context)
