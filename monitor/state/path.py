"""Where the state file is, and how it comes to be. Used by `keeper.py` and `store.py`."""

import os
from collections.abc import Mapping
from pathlib import Path

FILE_NAME = "state.db"


def default_path(environ: Mapping[str, str]) -> Path:
    """Return where the state is kept unless the settings say otherwise.

    In systemd's `$STATE_DIRECTORY` (the first of several), else in the XDG state folder.
    """
    systemd = environ.get("STATE_DIRECTORY", "").partition(":")[0]
    if systemd:
        return Path(systemd) / FILE_NAME
    xdg = environ.get("XDG_STATE_HOME", "")
    # The XDG specification: a path that is not absolute is to be ignored.
    home = Path(environ.get("HOME") or Path.home())
    folder = Path(xdg) if xdg.startswith("/") else home / ".local" / "state"
    return folder / "queue-monitor" / FILE_NAME


def make_private(path: Path) -> None:
    """Make the file at `path` and the folders above it, where missing, for this user only.

    Raises OSError.
    """
    missing = [folder for folder in path.parents if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
