"""The files of the toy ladder: three stages of a tiny package.

Stage 1 brings a class, stage 2 rewrites its module and adds one, stage 3 adds a
sub-package. Every check finds something here that it can be shown to judge.
"""

from __future__ import annotations

FILES = {
    "stages/matrix.toml": """
        version = "0.1.0"
        same_layer = ["middleware"]

        [versions]
        default = 3
        "applications.py" = 8

        [[module]]
        path = "types.py"
        layer = 0
        new = 1
        rewritten = []
        lines = 10
        export = false

        [[module]]
        path = "requests.py"
        layer = 2
        new = 2
        rewritten = []
        lines = 30
        export = true

        [[module]]
        path = "middleware/__init__.py"
        layer = 3
        new = 3
        rewritten = []
        lines = 1
        export = false

        [[module]]
        path = "middleware/chain.py"
        layer = 3
        new = 3
        rewritten = []
        lines = 20
        export = false

        [[module]]
        path = "middleware/hooks.py"
        layer = 3
        new = 3
        rewritten = []
        lines = 20
        export = true

        [[module]]
        path = "applications.py"
        layer = 4
        new = 1
        rewritten = [2, 3]
        lines = 40
        export = true

        [[stage]]
        number = 1
        slug = "hello"
        title = "Hello"
        after = "say hello"
        max_lines = 30

        [[stage]]
        number = 2
        slug = "requests"
        title = "Requests"
        after = "read a request"
        max_lines = 30

        [[stage]]
        number = 3
        slug = "chain"
        title = "Chain"
        after = "wrap a handler"
        max_lines = 40

        [[stage]]
        number = 4
        slug = "later"
        title = "Later"
        after = "do more"
        max_lines = 30
    """,
    "stages/01_hello/stage.toml": """
        number = 1
        slug = "hello"
        title = "Hello"
        minutes = { read = 5, build = 10 }
        needs = []

        [[invariant]]
        text = "The greeting names the guest."
        tests = ["test_hello.py::test_greets_by_name"]

        [[hint]]
        title = "Where does the name go?"
        symbol = "applications.py:App.greet"
        tests = ["test_hello.py::test_greets_by_name"]
        text = "Into the middle of the sentence."

        [[simplification]]
        text = "A name is taken as it comes."
        stage = 2

        [[drill]]
        title = "Forget the name"
        file = "applications.py"
        find = 'f"Hello, {name}!"'
        replace = '"Hello!"'
        caught_by = ["test_hello.py::test_greets_by_name"]
    """,
    "stages/01_hello/demo.py": '''
        """Say hello."""

        from microlith import App

        app = App()
    ''',
    "stages/01_hello/src/microlith/types.py": '''
        """Shared aliases."""

        from collections.abc import Callable

        __all__ = ["Handler"]

        Handler = Callable[[str], str]
        """What answers: a function from name to text."""
    ''',
    "stages/01_hello/src/microlith/applications.py": '''
        """The application: it greets."""

        __all__ = ["App"]


        class App:
            """Greet whoever asks."""

            def greet(self, name: str) -> str:
                """Answer with a greeting."""
                return f"Hello, {name}!"
    ''',
    "stages/01_hello/tests/test_hello.py": '''
        """The greeting."""

        from microlith import App


        def test_greets_by_name() -> None:
            """The name is in the answer."""
            assert App().greet("Ada") == "Hello, Ada!"
    ''',
    "stages/01_hello/exercises/01_a_shout/README.md": "Greet loudly.\n",
    "stages/01_hello/exercises/01_a_shout/hints.md": "1. Look at str.upper.\n",
    "stages/01_hello/exercises/01_a_shout/stub.py": '''
        """Greet loudly."""


        def shout(name: str) -> str:
            """Answer in capitals."""
            raise NotImplementedError("TODO: greet in capitals")
    ''',
    "stages/01_hello/exercises/01_a_shout/solution.py": '''
        """Greet loudly."""

        from microlith import App


        def shout(name: str) -> str:
            """Answer in capitals."""
            return App().greet(name).upper()
    ''',
    "stages/01_hello/exercises/01_a_shout/test_exercise.py": '''
        """The loud greeting."""

        from exercise import shout


        def test_shouts() -> None:
            """All letters are capitals."""
            assert shout("Ada") == "HELLO, ADA!"
    ''',
    "stages/02_requests/stage.toml": """
        number = 2
        slug = "requests"
        title = "Requests"
        minutes = { read = 5, build = 10 }
        needs = [1]

        [[invariant]]
        text = "A name has no spaces around it."
        tests = ["test_request.py::test_strips"]

        [[hint]]
        title = "Who cleans the name?"
        symbol = "requests.py:Request.name"
        tests = ["test_request.py::test_strips"]
        text = "The request does, so that every reader sees it clean."

        [[drill]]
        title = "Keep the spaces"
        file = "requests.py"
        find = "self._raw.strip()"
        replace = "self._raw"
        caught_by = [
            "test_request.py::test_strips",
            "test_request.py::test_answers_a_request",
        ]
    """,
    "stages/02_requests/demo.py": '''
        """Say hello to a request."""

        from microlith import App

        app = App()
    ''',
    "stages/02_requests/src/microlith/requests.py": '''
        """What a guest asks."""

        __all__ = ["EMPTY", "Request"]

        EMPTY = ""
        """The name of a guest who gives none."""


        class Request:
            """Hold one question."""

            def __init__(self, raw: str = EMPTY) -> None:
                self._raw = raw

            @property
            def name(self) -> str:
                """The name, without spaces around it."""
                return self._raw.strip()
    ''',
    "stages/02_requests/src/microlith/applications.py": '''
        """The application: it greets requests."""

        from microlith.requests import Request

        __all__ = ["App"]


        class App:
            """Greet whoever asks."""

            def greet(self, name: str) -> str:
                """Answer with a greeting."""
                return f"Hello, {name}!"

            def answer(self, request: Request) -> str:
                """Answer a request."""
                return self.greet(request.name)
    ''',
    "stages/02_requests/tests/test_request.py": '''
        """The request."""

        from microlith import App, Request


        def test_strips() -> None:
            """Spaces around the name are gone."""
            assert Request("  Ada ").name == "Ada"


        def test_answers_a_request() -> None:
            """The application greets the request's name."""
            assert App().answer(Request(" Ada")) == "Hello, Ada!"
    ''',
    "stages/03_chain/stage.toml": """
        number = 3
        slug = "chain"
        title = "Chain"
        minutes = { read = 5, build = 10 }
        needs = [1, 2]

        [[invariant]]
        text = "The first layer added is the outermost."
        tests = ["test_chain.py::test_first_is_outermost"]

        [[hint]]
        title = "Which end comes first?"
        symbol = "middleware/chain.py:compile_chain"
        tests = ["test_chain.py::test_first_is_outermost"]
        text = "Wrap from the inside: the last layer first."

        [[drill]]
        title = "Wrap in the wrong order"
        file = "middleware/chain.py"
        find = "reversed(layers)"
        replace = "layers"
        caught_by = ["test_chain.py::test_first_is_outermost"]
    """,
    "stages/03_chain/demo.py": '''
        """Say hello through a chain."""

        from microlith import App

        app = App()
    ''',
    "stages/03_chain/src/microlith/middleware/__init__.py": '''
        """Layers around a handler."""
    ''',
    "stages/03_chain/src/microlith/middleware/chain.py": '''
        """Fold layers into one handler."""

        from collections.abc import Callable, Sequence

        from microlith.types import Handler

        __all__ = ["Layer", "compile_chain"]

        Layer = Callable[[Handler], Handler]
        """What wraps a handler."""


        def compile_chain(layers: Sequence[Layer], handler: Handler) -> Handler:
            """Wrap the handler; the first layer is the outermost."""
            for layer in reversed(layers):
                handler = layer(handler)
            return handler
    ''',
    "stages/03_chain/src/microlith/middleware/hooks.py": '''
        """A layer written as a class."""

        from microlith.middleware.chain import Layer
        from microlith.types import Handler

        __all__ = ["Tag"]


        class Tag:
            """Put a tag around the answer."""

            def __init__(self, tag: str) -> None:
                self.tag = tag

            def __call__(self, handler: Handler) -> Handler:
                """Wrap a handler."""
                return lambda name: f"<{self.tag}>{handler(name)}</{self.tag}>"

            def as_layer(self) -> Layer:
                """Give the layer as a plain callable."""
                return self.__call__
    ''',
    "stages/03_chain/src/microlith/applications.py": '''
        """The application: it greets requests through layers."""

        from microlith.middleware.chain import Layer, compile_chain
        from microlith.requests import Request

        __all__ = ["App"]


        class App:
            """Greet whoever asks."""

            def __init__(self, layers: tuple[Layer, ...] = ()) -> None:
                self.layers = layers

            def greet(self, name: str) -> str:
                """Answer with a greeting."""
                return f"Hello, {name}!"

            def answer(self, request: Request) -> str:
                """Answer a request through all layers."""
                return compile_chain(self.layers, self.greet)(request.name)
    ''',
    "stages/03_chain/tests/test_chain.py": '''
        """The chain of layers."""

        from microlith import App, Request, Tag


        def test_first_is_outermost() -> None:
            """Layers nest in the order in which they were given."""
            app = App((Tag("a"), Tag("b")))
            assert app.answer(Request("Ada")) == "<a><b>Hello, Ada!</b></a>"
    ''',
}
