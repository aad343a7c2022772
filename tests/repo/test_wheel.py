"""The wheel holds the package and nothing else, and serves from a clean place."""

import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path
from typing import Any

import pytest

HELLO = """\
from microlith import App, TextResponse

app = App()


@app.get("/")
async def hello(request):
    return TextResponse("hello from the wheel")
"""


@pytest.fixture(scope="module")
def wheel(
    root: Path, clean_env: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Build the wheel with the pinned backend; no network is needed."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    done = subprocess.run(
        [*command, "--no-build-isolation", "--wheel-dir", folder, root / "final"],
        env=clean_env,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (file,) = folder.glob("*.whl")
    return file


def sources(root: Path) -> set[str]:
    """Return the files of the package, as paths below src/."""
    source = root / "final" / "src"
    files = source.joinpath("microlith").rglob("*")
    return {
        file.relative_to(source).as_posix()
        for file in files
        if file.is_file() and "__pycache__" not in file.parts
    }


@pytest.mark.slow
def test_the_wheel_holds_exactly_the_package(wheel: Path, root: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        about = {name for name in names if ".dist-info/" in name}
        assert names - about == sources(root)
        assert "microlith/py.typed" in names
        (info,) = (name for name in about if name.endswith("/METADATA"))
        metadata = Parser().parsestr(archive.read(info).decode())
        for name in names - about:
            source = root / "final" / "src" / name
            assert archive.read(name) == source.read_bytes(), name
    assert wheel.name.endswith("-py3-none-any.whl")
    assert any(name.endswith("licenses/LICENSE") for name in about)
    assert metadata["License-Expression"] == "MIT"
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata.get_all("Provides-Extra") == ["server"]


@pytest.mark.slow
def test_the_wheel_alone_needs_pydantic_and_nothing_else(
    wheel: Path, clean_venv: Any, tmp_path: Path
) -> None:
    clean_venv.sh(f"pip install --quiet '{wheel}'", tmp_path)
    clean_venv.sh("python -W error -c 'import microlith'", tmp_path)
    listed = clean_venv.sh("pip list --format=freeze", tmp_path)
    names = {line.split("==")[0].lower().replace("_", "-") for line in listed.split()}
    assert names - {"pip", "setuptools"} == {
        "microlith",
        "pydantic",
        "pydantic-core",
        "typing-extensions",
        "typing-inspection",
        "annotated-types",
    }


@pytest.mark.slow
def test_the_wheel_serves_through_uvicorn(
    wheel: Path, clean_venv: Any, tmp_path: Path
) -> None:
    clean_venv.sh(f"pip install --quiet '{wheel}[server]'", tmp_path)
    (tmp_path / "hello.py").write_text(HELLO)
    where = clean_venv.sh("python -c 'import microlith as m; print(m)'", tmp_path)
    assert str(clean_venv.folder) in where
    with clean_venv.serve("uvicorn hello:app", tmp_path) as client:
        answer = client.get("/")
        assert (answer.status_code, answer.text) == (200, "hello from the wheel")
        assert client.get("/nothing").status_code == 404
