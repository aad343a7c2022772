"""Exercise 06.2: a list with commas."""

from dataclasses import replace
from typing import Annotated, Any

from pydantic import BeforeValidator

from microlith.kinds import is_list
from microlith.params import Query, Reader, Scalar
from microlith.signatures import Parameter


class Commas(Query):
    """One query value, read as a list."""

    def bind(self, parameter: Parameter, context: Any) -> Reader:
        """Return the reader of the whole value, split at its commas."""
        if not is_list(parameter.annotation):
            raise parameter.mistake("is no list, and Commas() reads one.")
        reader = super().bind(parameter, context)
        assert isinstance(reader, Scalar)
        kind: Any = Annotated[reader.annotation, BeforeValidator(split)]
        return replace(reader, annotation=kind, many=False)


def split(text: str) -> list[str]:
    """Return the items of a text with commas."""
    return [item.strip() for item in text.split(",")] if text else []
