"""Which log files to follow."""

from dataclasses import dataclass

from monitor.values.units import Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """A log that tasks write, in one file or in several."""

    path: str
    """The file, or a glob of several that are one log together; rotated files need not match,
    compressed ones are not read."""
    name: str = ""
    """What the log is called in metrics and alerts; left out: its path."""
    pattern: str | None = None
    """A regular expression for the lines that count; left out: every line counts."""
    max_silence: Seconds | None = None
    """LogSilent holds when no line that counts has come for so long; left out: never."""

    @property
    def label(self) -> str:
        """What it is called."""
        return self.name or self.path
