"""What the tests of the repository share: a clean environment, make, a toy copy.

A test starts `make` as a reader would: nothing of the make that may have started
the tests, and no PYTHONPATH, reaches it.
"""

import os
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

Run = subprocess.CompletedProcess[str]
Make = Callable[..., Run]

FROM_OUTSIDE = (
    *("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MAKEFILES"),
    *("N", "DIR", "EX", "FORCE", "HOST", "PORT", "PYTHON", "VENV", "WORKERS"),
    *("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"),
)

FAKE_STAGES = """\
import os, sys
print("called", sys.argv[1:], "HINT=" + os.environ.get("HINT", ""))
"""


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the root of the repository."""
    return Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def clean_env() -> dict[str, str]:
    """Return the environment of a reader's shell."""
    return {key: text for key, text in os.environ.items() if key not in FROM_OUTSIDE}


@pytest.fixture(scope="session")
def make(root: Path, clean_env: dict[str, str]) -> Make:
    """Return a function that runs make: in the repository, or in `cwd`."""

    def run(*words: str, cwd: Path = root, timeout: float = 300, **env: str) -> Run:
        in_venv = sys.prefix != sys.base_prefix
        if cwd == root and in_venv:
            words = (*words, f"VENV={sys.prefix}")
        return subprocess.run(
            [str(shutil.which("make")), *words],
            cwd=cwd,
            env={**clean_env, **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    return run


@pytest.fixture
def bare_toy(root: Path, tmp_path: Path) -> Path:
    """Make a small repository: the real Makefile and setup, and fake stages."""
    toy = tmp_path / "toy"
    (toy / "tools" / "stages").mkdir(parents=True)
    (toy / "requirements").mkdir()
    for name in ("Makefile", "tools/__init__.py", "tools/doctor.py"):
        shutil.copy(root / name, toy / name)
    shutil.copy(root / "tools/bootstrap.py", toy / "tools")
    (toy / "tools" / "stages" / "__init__.py").touch()
    (toy / "tools" / "stages" / "__main__.py").write_text(FAKE_STAGES)
    (toy / "requirements" / "dev.txt").write_text("# nothing to install\n")
    return toy


@pytest.fixture
def toy(bare_toy: Path) -> Path:
    """Give the small repository an environment that is up to date."""
    bin_ = bare_toy / ".venv" / "bin"
    bin_.mkdir(parents=True)
    (bin_ / "python").symlink_to(sys.executable)
    (bare_toy / ".venv" / ".dev-pins").touch()
    return bare_toy


@pytest.fixture
def script(tmp_path: Path) -> Callable[[str, str], Path]:
    """Return a function that writes an executable shell script on a PATH of its own."""
    folder = tmp_path / "fake-bin"
    folder.mkdir()

    def write(name: str, body: str) -> Path:
        file = folder / name
        file.write_text(f"#!/bin/sh\n{body}\n")
        file.chmod(0o755)
        return file

    return write


@dataclass(frozen=True)
class CleanVenv:
    """An environment with pip and nothing else, used from a shell."""

    folder: Path
    env: dict[str, str]

    @property
    def bin(self) -> Path:
        """The folder of the commands."""
        return self.folder / "bin"

    def sh(self, command: str, cwd: Path) -> str:
        """Run a shell command with this environment active; return its output."""
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=cwd,
            env={**self.env, "PATH": f"{self.bin}:{self.env['PATH']}"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == 0, f"$ {command}\n{done.stdout}"
        return done.stdout

    @contextmanager
    def serve(self, command: str, cwd: Path) -> Iterator[httpx.Client]:
        """Run a server command on a free port; give a client for it."""
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        process = subprocess.Popen(
            [*shlex.split(command), "--port", str(port)],
            executable=self.bin / command.split()[0],
            cwd=cwd,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            wait_for(port, process)
            with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
                yield client
        finally:
            process.terminate()
            process.communicate(timeout=10)


def wait_for(port: int, process: subprocess.Popen[str]) -> None:
    """Wait until a server listens; fail with what it said if it ends."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if process.poll() is not None:
            pytest.fail(f"the server ended:\n{process.communicate()[0]}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("the server does not listen after 20 s")


@pytest.fixture(scope="session")
def package_index(
    root: Path, clean_env: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Skip where pip reaches no package index, as on a train; fail so in CI."""
    text = (root / "requirements" / "dev.txt").read_text()
    (pin,) = (line for line in text.splitlines() if line.startswith("iniconfig=="))
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--retries=0", pin]
    folder = tmp_path_factory.mktemp("download")
    done = subprocess.run(
        command, cwd=folder, env=clean_env, capture_output=True, text=True
    )
    if done.returncode:
        why = "pip reaches no package index; with a network, run make test again"
        if os.environ.get("CI"):
            pytest.fail(f"{why}\n{done.stderr}")
        pytest.skip(why)


@pytest.fixture
def clean_venv(
    tmp_path: Path, root: Path, clean_env: dict[str, str], package_index: None
) -> CleanVenv:
    """Make an empty environment that installs the pinned versions only."""
    folder = tmp_path / "clean"
    base = sys._base_executable  # type: ignore[attr-defined]
    subprocess.run([base, "-m", "venv", folder], check=True, env=clean_env)
    constraint = str(root / "requirements" / "dev.txt")
    quiet = {"PIP_CONSTRAINT": constraint, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    return CleanVenv(folder, {**clean_env, **quiet})
