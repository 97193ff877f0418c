"""What `pip install` brings is all that is in the folder `monitor`, pages and runbooks included."""

import tarfile
from pathlib import Path
from zipfile import ZipFile

from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).parents[2]


def test_the_wheel_has_every_file_of_the_package(tmp_path: Path) -> None:
    assert packed(ROOT, tmp_path) == files_below(ROOT / "monitor")


def test_the_wheel_made_of_the_source_distribution_has_them_too(tmp_path: Path) -> None:
    [made] = SdistBuilder(str(ROOT)).build(directory=str(tmp_path))
    with tarfile.open(made) as archive:
        archive.extractall(tmp_path, filter="data")
    [unpacked] = (path for path in tmp_path.iterdir() if path.is_dir())

    assert packed(unpacked, tmp_path) == files_below(ROOT / "monitor")


def packed(project: Path, folder: Path) -> set[str]:
    """Return the package's files in the wheel of `project`, which is built in `folder`."""
    [wheel] = WheelBuilder(str(project)).build(directory=str(folder))
    return {name for name in ZipFile(wheel).namelist() if name.startswith("monitor/")}


def files_below(folder: Path) -> set[str]:
    """Return the files in `folder` and in what it links to, as `folder`'s name and their path."""
    found = set()
    for path in folder.iterdir():
        if path.is_dir() and path.name != "__pycache__":
            found |= {f"{folder.name}/{name}" for name in files_below(path)}
        elif path.is_file():
            found.add(f"{folder.name}/{path.name}")
    return found
