"""The environment comes about on a bare machine, or says what it lacks."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tools import bootstrap

Script = Callable[[str, str], Path]


def test_no_ensurepip_and_no_pip_names_the_package(
    script: Script, tmp_path: Path
) -> None:
    python = script("python3", "exit 1")
    with pytest.raises(bootstrap.SetupError, match="apt install python3-venv"):
        bootstrap.make_venv(tmp_path / "venv", str(python))
    assert not (tmp_path / "venv").exists()


@pytest.mark.slow
@pytest.mark.usefixtures("package_index")
def test_the_systems_pip_fills_an_environment_without_pip(
    script: Script, tmp_path: Path
) -> None:
    body = f'case "$*" in *ensurepip*) exit 1;; esac\nexec {sys.executable} "$@"'
    python = script("python3", body)
    bootstrap.make_venv(tmp_path / "venv", str(python))
    own = tmp_path / "venv" / "bin" / "python"
    shown = subprocess.check_output([own, "-m", "pip", "--version"], text=True)
    assert str(tmp_path / "venv") in shown


@pytest.mark.slow
def test_pins_that_cannot_be_installed_show_what_pip_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pins = tmp_path / "pins.txt"
    pins.write_text("./no-such-package.whl\n")
    code = bootstrap.main(["--venv", str(tmp_path / "venv"), str(pins)])
    assert code == 1
    text = capsys.readouterr().err
    assert "no-such-package.whl" in text
    assert "installing the pinned packages failed" in text
    assert "rm -r" in text
