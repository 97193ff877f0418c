"""What a program left behind; for tests that end one and look."""

from pathlib import Path


def is_running(pid: int) -> bool:
    """Return whether there is such a process; one that only waits to be reaped is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def processes_mentioning(text: str) -> list[int]:
    """Return the pids of all processes with `text` in their command line or environment."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                said = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue  # it has ended, or is somebody else's
            if text.encode() in said and is_running(int(process.name)):
                found.append(int(process.name))
    return found
