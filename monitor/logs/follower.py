"""Follows one log through its files' rotation. Blocking; `watch.py` runs it in a thread.

A file that was renamed, deleted or replaced stays open until it has been quiet for a while, for
whoever writes it may go on. Of one that was copied and truncated, what had not been read is
looked for in the copy. A file that came and was rotated between two looks is found beside its
place, by its name, unless it was compressed by then. A file that cannot be read is said in the
reading, and keeps none of the others from being read.
"""

import glob
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path

from monitor.facts.logs import LogReading
from monitor.logs.settings import LogSettings
from monitor.logs.tail import FileKey, Tail

_BYTES_A_READ = 256_000_000
"""Of each file; what is left is read the next time."""

_FILES = 200
"""Files of one log that are followed at the most, the newest ones."""

_QUIET_SECONDS = 60.0
"""A file that has left its place, and is quiet for so long, is let go."""

_COMPRESSED = (".gz", ".bz2", ".xz", ".zst", ".lz4", ".Z", ".zip")
"""Files that hold what was read before, and no lines, though a glob may match them."""

_ROTATED = re.compile(r"[._-][0-9][0-9._T:-]*")
"""What logrotate and Python's handlers put behind a name; what is compressed has more."""


class Follower:
    """Reads what is new in one log."""

    def __init__(self, settings: LogSettings) -> None:
        self._path = settings.path
        self._pattern = re.compile(settings.pattern) if settings.pattern is not None else None
        self._tails: dict[FileKey, Tail] = {}
        self._quiet_since: dict[FileKey, float] = {}
        """Of the files that have left their places."""
        self._passed: set[FileKey] = set()
        """Files that are there and of which nothing before now counts."""
        self._copies: dict[FileKey, int] = {}
        """The sizes of files that are there and are copies: what they hold was read where it was
        written."""
        self._unfinished: dict[FileKey, int] = {}
        """The sizes of files that may become copies: they are being written."""
        self._places: frozenset[FileKey] = frozenset()
        """Where the path led to at the last look."""
        self._rotated: Mapping[FileKey, tuple[int, Path]] = {}
        """The rotated files beside the path then, and when they were last written to."""
        self._released: dict[FileKey, Tail] = {}
        """What was let go, closed, of which the file is there as a rotated one."""
        self._first = True
        self._written_at: float | None = None
        self._matches = 0
        """Of the reading that is being made; so is `_problem`."""
        self._problem = ""

    def read(self, now: float) -> LogReading:
        """Read what is new; a file that cannot be read is said in the reading."""
        self._matches, self._problem = 0, ""
        found = self._found()
        present = dict(islice(found.items(), _FILES))
        self._pass_over(found, present)
        self._find_copies(present)
        between = self._between(found)
        for tail in self._tails.values():
            with self._telling(tail.path):
                self._read_tail(tail)
        for key, path in {**between, **present}.items():
            with self._telling(path):
                self._read_new(key, path)
        self._let_go(present, now)
        self._first = False
        for tail in self._tails.values():
            with self._telling(tail.path):
                self._note_write(tail, now)
        return LogReading(now, self._written_at, self._matches, self._problem)

    def close(self) -> None:
        """Let all files go."""
        for tail in self._tails.values():
            tail.close()
        self._tails.clear()

    @contextmanager
    def _telling(self, path: Path | str) -> Iterator[None]:
        """Go on with the other files where that at `path` cannot be read, and say so."""
        try:
            yield
        except OSError as error:
            self._problem = f"{path}: {error.strerror}"

    def _found(self) -> Mapping[FileKey, Path]:
        """Return the files that the path leads to now, the newest first."""
        found: dict[FileKey, tuple[float, Path]] = {}
        for name in _matching(self._path) or [self._path]:
            if name.endswith(_COMPRESSED):
                continue
            with self._telling(name):
                status = Path(name).stat()
                if stat.S_ISREG(status.st_mode):
                    found[status.st_dev, status.st_ino] = (status.st_mtime, Path(name))
                else:
                    self._problem = f"{name}: not a file"
        newest = sorted(found.items(), key=lambda item: item[1][0], reverse=True)
        return {key: path for key, (_, path) in newest}

    def _pass_over(self, found: Mapping[FileKey, Path], present: Mapping[FileKey, Path]) -> None:
        """Note which of the `found` files are too many to be `present`."""
        self._passed = (self._passed & found.keys()) | (found.keys() - present.keys())
        if len(found) > _FILES:
            self._problem = f"{len(found)} files match, the {_FILES} newest are followed"

    def _find_copies(self, present: Mapping[FileKey, Path]) -> None:
        """Note which new files are copies of what was read; before it is read any further.

        One that goes on otherwise is a log of its own after all, which began like another; so
        is the beginning of one that does not go on at all.
        """
        copies, self._copies = self._copies, {}
        unfinished, self._unfinished = self._unfinished, {}
        for key, path in present.items():
            if key in self._tails:
                continue
            with suppress(OSError):  # gone since it was found
                size = path.stat().st_size
                tails = self._tails.values()
                if copies.get(key) == size or any(tail.is_copied_in(path) for tail in tails):
                    self._copies[key] = size
                elif unfinished.get(key) != size and any(t.begins_in(path) for t in tails):
                    self._unfinished[key] = size

    def _between(self, found: Mapping[FileKey, Path]) -> Mapping[FileKey, Path]:
        """Return the files that came and were rotated since the last look; before it reads on."""
        tails = self._tails.values()
        before, self._rotated = self._rotated, dict(_rotated(self._path))
        for key in self._released.keys() - self._rotated.keys():
            del self._released[key]
        known, self._places = self._places, frozenset(found)
        if self._first or (known == self._places and not any(t.was_truncated() for t in tails)):
            return {}
        return {
            key: path
            for key, (written_at, path) in self._rotated.items()
            # An inode that was free is soon another file's.
            if key not in (*known, *found, *self._tails)
            and before.get(key, (None,))[0] != written_at
            and not (key in self._released and self._released[key].goes_on_in(path))
            and not any(tail.is_copied_in(path) for tail in tails)
        }

    def _read_tail(self, tail: Tail) -> None:
        if tail.was_truncated():
            for copy in _beside(tail):
                self._count(tail.rest_in_copy(copy, _BYTES_A_READ))
                break
            self._count(tail.rest())
            tail.begin_anew()
        self._count(tail.lines(_BYTES_A_READ))

    def _read_new(self, key: FileKey, path: Path) -> None:
        if key in self._tails:
            self._tails[key].path = path
            return
        if key in self._copies or key in self._unfinished:
            return
        tail = Tail(path, at_end=self._first or key in self._passed)
        self._passed.discard(key)
        self._tails[tail.key] = tail
        self._count(tail.lines(_BYTES_A_READ))

    def _let_go(self, present: Mapping[FileKey, Path], now: float) -> None:
        """Close what has left its place and is quiet, or can be read no more."""
        for key, tail in list(self._tails.items()):
            if key in present:
                self._quiet_since.pop(key, None)
                continue
            quiet_since = self._quiet_since.setdefault(key, now)
            with self._telling(tail.path):
                since = max(quiet_since, min(tail.written_at or 0.0, now))
                if now - since < _QUIET_SECONDS or tail.unread:
                    continue
            self._count(tail.rest())
            tail.close()
            self._released[key] = tail
            del self._tails[key], self._quiet_since[key]

    def _note_write(self, tail: Tail, now: float) -> None:
        written_at = tail.written_at
        if written_at is not None:
            self._written_at = max(self._written_at or 0.0, min(written_at, now))

    def _count(self, lines: Iterable[bytes]) -> None:
        search = self._pattern.search if self._pattern is not None else None
        for line in lines:
            if search is None or search(line.decode("utf-8", "replace")):
                self._matches += 1


def _beside(tail: Tail) -> Iterator[Path]:
    """Yield the files beside `tail` that hold what it held, and what it held next."""
    for name in _matching(glob.escape(str(tail.path)) + "?*"):
        if tail.goes_on_in(Path(name)):
            yield Path(name)


def _rotated(path: str) -> Iterator[tuple[FileKey, tuple[int, Path]]]:
    """Yield the rotated files of `path`, and the nanosecond in which each was last written to."""
    place = Path(path).name
    for name in _matching(path + "[._-]*"):
        rotated = Path(name)
        with suppress(OSError):  # gone since it was found
            status = rotated.stat()
            if _is_rotated(rotated.name, place) and stat.S_ISREG(status.st_mode):
                yield (status.st_dev, status.st_ino), (status.st_mtime_ns, rotated)


def _is_rotated(name: str, place: str) -> bool:
    """Return whether rotation calls so what was at `place`, which may be a glob."""
    return any(
        _ROTATED.fullmatch(name, end) and fnmatchcase(name[:end], place)
        for end in range(1, len(name))
    )


def _matching(pattern: str) -> list[str]:
    # pathlib cannot take a glob with a root, as people write it.
    return sorted(glob.glob(pattern))  # noqa: PTH207
