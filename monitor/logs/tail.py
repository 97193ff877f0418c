"""One open log file, read from where the last read ended. Used by `follower.py`."""

import os
from collections.abc import Iterator
from pathlib import Path

FileKey = tuple[int, int]
"""Device and inode: a file under whatever name."""

LINE_BYTES = 65_536
"""Of a longer line only so much is looked at."""

_CHUNK_BYTES = 1 << 20
_HEAD_BYTES = 256
_MARK_BYTES = 64


class Tail:
    """A file that is kept open, so that it is followed under another name, too.

    Its head, and a mark just before where the last read ended, tell whether it was truncated,
    also when it has grown past that place since, and which file is a copy of it. The
    constructor, and what reads the file, raise OSError.
    """

    def __init__(self, path: Path, *, at_end: bool) -> None:
        self.path = path
        self._file = path.open("rb", buffering=0)
        found = os.fstat(self._file.fileno())
        self.key: FileKey = (found.st_dev, found.st_ino)
        self._offset = found.st_size if at_end else 0
        self._head = self._mark = b""
        self._part = b""
        self._cut = False
        """The line that is being read was too long, and its beginning has been given."""
        self._remember()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    @property
    def written_at(self) -> float | None:
        """When it was last written to; None while it is empty, as rotation leaves it."""
        found = os.fstat(self._file.fileno())
        return found.st_mtime if found.st_size else None

    @property
    def unread(self) -> bool:
        """Whether there is more to read."""
        return os.fstat(self._file.fileno()).st_size > self._offset

    def lines(self, most_bytes: int) -> Iterator[bytes]:
        """Yield the lines that have been completed since the last read."""
        fd = self._file.fileno()
        try:
            yield from self._read(fd, most_bytes)
        finally:
            self._remember()

    def rest(self) -> Iterator[bytes]:
        """Yield what is left of a line that nobody will complete any more."""
        if self._part and not self._cut:
            yield self._part
        self._part, self._cut = b"", False

    def was_truncated(self) -> bool:
        """Return whether what was read last is no longer where it was."""
        try:
            return self._peek(self._offset - len(self._mark), len(self._mark)) != self._mark
        except OSError:
            return False  # why it cannot be read is said when its lines are

    def goes_on_in(self, path: Path) -> bool:
        """Return whether the file at `path` holds all that was read of this one.

        This one may be closed by then.
        """
        if not self._mark or not path.is_file():
            return False
        try:
            with path.open("rb", buffering=0) as file:
                fd = file.fileno()
                start = self._offset - len(self._mark)
                return (
                    os.pread(fd, len(self._head), 0) == self._head
                    and os.pread(fd, len(self._mark), start) == self._mark
                )
        except OSError:
            return False

    def is_copied_in(self, path: Path) -> bool:
        """Return whether the file at `path` is a copy: it goes on, and holds no more than this."""
        try:
            size = path.stat().st_size
            return self.goes_on_in(path) and (
                size <= os.fstat(self._file.fileno()).st_size or self.was_truncated()
            )
        except OSError:
            return False

    def begins_in(self, path: Path) -> bool:
        """Return whether the file at `path` is named as a copy, and holds how this one begins."""
        if not (path.is_file() and str(path).startswith(str(self.path)) and path != self.path):
            return False
        try:
            with path.open("rb", buffering=0) as file:
                fd = file.fileno()
                size = os.fstat(fd).st_size
                start = max(0, size - _MARK_BYTES)
                return (
                    0 < size < self._offset
                    and self._head.startswith(os.pread(fd, min(size, len(self._head)), 0))
                    and os.pread(fd, size - start, start) == self._peek(start, size - start)
                )
        except OSError:
            return False

    def rest_in_copy(self, path: Path, most_bytes: int) -> Iterator[bytes]:
        """Yield what a copy, made before this was truncated, has of what was not read yet."""
        try:
            with path.open("rb", buffering=0) as copy:
                yield from self._read(copy.fileno(), most_bytes)
        except OSError:
            return

    def begin_anew(self) -> None:
        """Read from the start: it was truncated."""
        self._offset, self._part, self._cut = 0, b"", False
        self._head = self._mark = b""

    def _read(self, fd: int, most_bytes: int) -> Iterator[bytes]:
        while most_bytes > 0 and (chunk := os.pread(fd, _CHUNK_BYTES, self._offset)):
            self._offset += len(chunk)
            most_bytes -= len(chunk)
            yield from self._split(chunk)

    def _split(self, chunk: bytes) -> Iterator[bytes]:
        # Whoever goes on writing where it was in a file that was truncated leaves a hole.
        *whole, part = (self._part + chunk.replace(b"\0", b"")).split(b"\n")
        for line in whole:
            if not self._cut:
                yield line[:LINE_BYTES]
            self._cut = False
        if len(part) > LINE_BYTES and not self._cut:
            yield part[:LINE_BYTES]
            self._cut = True
        self._part = b"" if self._cut else part

    def _remember(self) -> None:
        self._mark = b""  # where it cannot be read, an old one would look like a truncation
        start = max(0, self._offset - _MARK_BYTES)
        self._mark = self._peek(start, self._offset - start)
        if len(self._head) < _HEAD_BYTES:
            self._head = self._peek(0, min(_HEAD_BYTES, self._offset))

    def _peek(self, offset: int, count: int) -> bytes:
        return os.pread(self._file.fileno(), count, offset) if count else b""
