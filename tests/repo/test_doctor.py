"""`make doctor` names what is missing, how to get it, and fails only for needs."""

import ast
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tools import doctor

Script = Callable[[str, str], Path]


@pytest.mark.parametrize("version", [(3, 9, 2), (3, 10, 14), (2, 7, 18)])
def test_an_old_python_is_missing_and_needed(version: tuple[int, ...]) -> None:
    found = doctor.check_python(version, "/usr/bin/python3")
    assert not found.ok
    assert found.needed
    assert "needs 3.11, 3.12 or 3.13" in found.text
    assert "PYTHON=" in found.fix


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 12, 1), (3, 13, 9)])
def test_a_python_in_range_is_fine(version: tuple[int, ...]) -> None:
    found = doctor.check_python(version, "python3")
    assert found.ok
    assert "newer" not in found.text


def test_a_newer_python_is_fine_and_said_to_be_untried() -> None:
    found = doctor.check_python((3, 15, 0), "python3")
    assert found.ok
    assert "newer than the versions" in found.text


def without(script: Script, *words: str) -> str:
    """Return a Python that fails when its arguments hold one of the words."""
    cases = "|".join(f"*{word}*" for word in words)
    body = f'case "$*" in {cases}) exit 1;; esac\nexec {sys.executable} "$@"'
    return str(script("python3", body))


def test_debian_without_python3_venv(script: Script, tmp_path: Path) -> None:
    python = without(script, "ensurepip", "pip")
    found = doctor.check_venv(python, tmp_path / ".venv")
    assert not found.ok
    assert found.needed
    assert found.fix == "apt install python3-venv"
    text, code = doctor.report([found])
    assert code == 1
    assert "-> apt install python3-venv" in text


def test_the_systems_pip_makes_up_for_ensurepip(script: Script, tmp_path: Path) -> None:
    found = doctor.check_venv(without(script, "ensurepip"), tmp_path / ".venv")
    assert found.ok
    assert "with the system's pip" in found.text


def test_an_environment_that_can_be_made(tmp_path: Path) -> None:
    found = doctor.check_venv(sys.executable, tmp_path / ".venv")
    assert found.ok
    assert "made by the first command" in found.text


def test_a_broken_environment_is_named(tmp_path: Path) -> None:
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(tmp_path / "gone")
    found = doctor.check_venv(sys.executable, tmp_path / ".venv")
    assert not found.ok
    assert f"rm -r {tmp_path / '.venv'}" in found.fix


def test_git_is_needed() -> None:
    assert doctor.check_git("/usr/bin/git").ok
    found = doctor.check_git(None)
    assert (found.ok, found.needed, found.fix) == (False, True, "apt install git")


def test_a_taken_port_is_said_and_is_no_failure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        taken = doctor.check_port("127.0.0.1", port)
    assert not taken.ok
    assert "make serve PORT=8001" in taken.fix
    assert doctor.report([taken])[1] == 0
    assert doctor.check_port("127.0.0.1", port).ok


def test_chromium_is_optional() -> None:
    found = doctor.check_browser(None)
    assert not found.ok
    assert found.fix == "apt install chromium"
    assert doctor.report([found])[1] == 0


def test_a_service_is_optional_and_names_its_stage() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        url = f"redis://127.0.0.1:{port}"
        assert doctor.check_service("Redis", url, 6379, "redis-server").ok
    found = doctor.check_service("Redis", url, 6379, "redis-server")
    assert not found.ok
    assert "from stage 17 on" in found.text
    assert found.fix == "apt install redis-server"
    assert doctor.report([found])[1] == 0


def test_the_whole_report_without_git(root: Path, clean_env: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.doctor", "--port", "0"],
        cwd=root,
        env={**clean_env, "PATH": "/nonexistent"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert lines[lines.index("MISSING git not found") + 1] == "-> apt install git"
    assert lines[-1] == "Not ready. Missing: git."


def test_the_doctor_can_be_read_by_an_old_python(root: Path) -> None:
    """A machine with an old Python must get the sentence, not a SyntaxError."""
    for name in ("tools/__init__.py", "tools/doctor.py", "tools/bootstrap.py"):
        tree = ast.parse((root / name).read_text(), name, feature_version=(3, 8))
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [one.name for one in node.names]
                assert not {"tomllib", "StrEnum", "Self"} & set(names), name
