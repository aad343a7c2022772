"""What every framework's app serves: models, rows, and a thing to be closed."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import BaseModel, Field, TypeAdapter

GREETING = "Hello, World!"
CHUNK = b"x" * 1024
CHUNKS = 100
ROUTES = 500
LAYERS = 5


class Item(BaseModel):
    """The body that is validated and echoed, and a row of the list."""

    name: Annotated[str, Field(min_length=1, max_length=50)]
    price: Annotated[float, Field(ge=0)]
    quantity: Annotated[int, Field(ge=0, le=1000)]
    tags: list[str]


class Search(BaseModel):
    """The query, for frameworks that read no signatures."""

    name: Annotated[str, Field(min_length=1, max_length=50)]
    count: Annotated[int, Field(ge=1, le=100)]
    active: bool


ITEMS = [
    Item(name=f"item {n}", price=n + 0.5, quantity=n, tags=["blue", "round"])
    for n in range(100)
]

# pydantic by hand in its fastest form: what each wrapper would call in the end.
ITEM_VALIDATOR = Item.__pydantic_validator__
ITEM_SERIALIZER = Item.__pydantic_serializer__
ITEMS_SERIALIZER = TypeAdapter(list[Item]).serializer
SEARCH_VALIDATOR = Search.__pydantic_validator__
SEARCH_SERIALIZER = Search.__pydantic_serializer__


class Settings:
    """The first of three dependencies."""

    user = "ada"


class Connection:
    """The second: it is opened for a request and closed after it."""

    open: ClassVar[int] = 0
    """How many are open; above 1 in an answer, somebody forgot to close."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        Connection.open += 1

    def close(self) -> None:
        """Close it; to be called once."""
        Connection.open -= 1


class Repository:
    """The third: what the handler asks for."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def answer(self) -> dict[str, str | int]:
        """Say who asks, and how many connections are open."""
        return {"user": self.connection.settings.user, "open": Connection.open}
