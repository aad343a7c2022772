"""What goes in and what comes out."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{2,29}$")]
Mail = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9_.+-]+@[A-Za-z0-9.-]+$", max_length=200)
]
# SECURITY: CWE-400: bounded, as a hash takes longer for a longer password.
Password = Annotated[str, Field(min_length=10, max_length=200)]
Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)
]


class NewAccount(BaseModel):
    name: Name
    mail: Mail
    password: Password


class Account(BaseModel):
    id: int
    name: str


class Login(BaseModel):
    name: Annotated[str, Field(max_length=30)]
    password: Annotated[str, Field(max_length=200)]


class Token(BaseModel):
    token: str
    expires: datetime


class NewNote(BaseModel):
    text: Text


class Note(BaseModel):
    id: int
    text: str
    author: str
    created: datetime


class Share(BaseModel):
    name: Name


class Change(BaseModel):
    kind: Literal["added", "deleted"]
    note: Note
