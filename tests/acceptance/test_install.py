"""The wheel in an empty environment: what a stranger who types `pip install` has."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONSTRAINTS = ROOT / "constraints.txt"
TOUR = ("demo", "--scenario", "tour", "--exit", "--port", "0")


def interpreters() -> Iterator[Path]:
    """Yield this Python, and each other supported one that is on PATH or installed by pyenv."""
    yield Path(sys.executable)
    for version in ("3.11", "3.12", "3.13", "3.14"):
        if sys.version.startswith(f"{version}."):
            continue
        by_pyenv = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python"))
        if by_pyenv:
            yield by_pyenv[-1]
        elif found := shutil.which(f"python{version}"):
            yield Path(found)


def run(*command: str | Path, **environ: str) -> str:
    """Run a program outside of the source folder; return what it prints."""
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    ran = subprocess.run(
        [*command],
        cwd=environ.get("TMPDIR", ROOT),
        env=clean | environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with wheel and sdist, the wheel made of what the sdist holds."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", folder)
    return folder


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("python", [*interpreters()], ids=str)
def test_the_wheel_takes_the_tour_in_an_empty_environment(
    python: Path, built: Path, tmp_path: Path
) -> None:
    (wheel,) = built.glob("*.whl")
    environment = tmp_path / "environment"
    run(python, "-m", "venv", environment)
    pip = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    inside = environment / "bin" / "python"
    run(inside, *pip, "--constraint", CONSTRAINTS, f"{wheel}[demo]", TMPDIR=str(tmp_path))
    command = environment / "bin" / "queue-monitor"
    assert run(command, "--version", TMPDIR=str(tmp_path)).startswith("queue-monitor ")
    tour = run(command, *TOUR, TMPDIR=str(tmp_path))
    assert "WorkerDead" in tour
    # A link in docs/, and a folder of its own in the wheel.
    served = "from importlib.resources import files; print("
    served += "files('monitor.web').joinpath('runbooks', 'WorkerDead.md').read_text())"
    assert "# WorkerDead" in run(inside, "-c", served, TMPDIR=str(tmp_path))
