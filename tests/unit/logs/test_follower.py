"""Rotation, as logrotate, Python's handlers and administrators do it: nothing missed, nothing
counted twice."""

import errno
import gzip
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.logs.follower import Follower
from monitor.logs.settings import LogSettings

NOW = time.time()


class Log:
    """A log that is written and followed; lines are numbered, so that none is like another."""

    def __init__(self, folder: Path, path: str = "app.log", pattern: str | None = None) -> None:
        self.file = folder / "app.log"
        self.folder = folder
        self.written = 0
        self.counted = 0
        self.now = time.time()
        self.file.touch()
        self.follower = Follower(LogSettings(path=str(folder / path), pattern=pattern))
        self.read()

    def write(self, lines: int = 1, file: Path | None = None) -> None:
        with (file or self.file).open("a") as opened:
            for _ in range(lines):
                self.written += 1
                opened.write(f"line {self.written} of a task that succeeded\n")

    def read(self, after: float = 5.0) -> int:
        self.now += after
        self.counted += self.follower.read(self.now).matches
        return self.counted

    def rename(self) -> Path:
        old = self.folder / f"app.log.{self.written}"
        self.file.rename(old)
        return old

    def copy_and_truncate(self) -> None:
        shutil.copy(self.file, self.folder / f"app.log.{self.written}")
        os.truncate(self.file, 0)


def renamed(log: Log) -> None:
    log.rename()
    log.write(2)


def renamed_and_still_written(log: Log) -> None:
    old = log.rename()
    log.write(3, old)
    log.write(2)
    log.read()
    log.write(4, old)


def renamed_and_made_later(log: Log) -> None:
    log.rename()
    log.read()
    log.read()
    log.write(2)


def copied_and_truncated(log: Log) -> None:
    log.copy_and_truncate()
    log.write(1)


def copied_truncated_and_grown_past_the_old_end(log: Log) -> None:
    log.copy_and_truncate()
    log.write(500)


def copied_and_truncated_later(log: Log) -> None:
    copy = log.folder / "app.log.1"
    shutil.copy(log.file, copy)
    log.read()
    log.write(3)
    shutil.copy(log.file, copy)
    os.truncate(log.file, 0)
    log.write(2)


def truncated_by_a_writer_that_does_not_append(log: Log) -> None:
    size = log.file.stat().st_size
    log.copy_and_truncate()
    with log.file.open("r+b") as opened:
        opened.seek(size)
        log.written += 1
        opened.write(b"line after a hole\n")


def deleted_and_made_anew(log: Log) -> None:
    log.file.unlink()
    log.write(2)


def deleted_and_made_anew_later(log: Log) -> None:
    log.file.unlink()
    log.read()
    log.write(2)


def switched_to_another_target(log: Log) -> None:
    old, new = log.folder / "one", log.folder / "two"
    log.file.rename(old)
    log.file.symlink_to(old)
    log.read()
    log.write(3)
    new.touch()
    log.file.unlink()
    log.file.symlink_to(new)
    log.write(2)
    log.write(2, old)


def rotated_three_times_in_a_row(log: Log) -> None:
    for _ in range(3):
        log.write(2)
        log.rename()
        log.write(1)
        log.read()


def rotated_twice_between_two_looks(log: Log) -> None:
    for _ in range(2):
        log.write(2)
        log.rename()
        log.write(3)


def rotated_twice_by_copies(log: Log) -> None:
    for _ in range(2):
        log.write(2)
        log.copy_and_truncate()
        log.write(3)


def rotated_twice_by_date(log: Log) -> None:
    for day in ("-20261121", "-20261122"):
        log.file.rename(log.folder / f"app.log{day}")
        log.write(2)


def rotated_twice_and_the_oldest_is_gone(log: Log) -> None:
    log.rename().unlink()
    log.write(2)
    log.rename()
    log.write(3)


def compress(file: Path) -> None:
    with gzip.open(f"{file}.gz", "wb") as packed:
        packed.write(file.read_bytes())
    file.unlink()


def renamed_and_compressed(log: Log) -> None:
    old = log.rename()
    log.write(2)
    log.read()
    compress(old)


def rotated_twice_and_the_oldest_compressed(log: Log) -> None:
    old = log.rename()
    log.write(2)
    log.rename()
    log.write(3)
    compress(old)


def rotated_beside_another_log(log: Log) -> None:
    log.rename()
    log.write(2)
    for name in ("app.log.err", "app.log.err.1", "app.log~", "app.logs.1"):
        (log.folder / name).write_text("of another log\n" * 5)


def gone_for_long(log: Log) -> None:
    log.write(50)
    log.read()
    log.rename()
    log.read()
    log.read(after=61.0)
    log.read()


TWICE = [
    rotated_twice_between_two_looks,
    rotated_twice_by_copies,
    rotated_twice_by_date,
    rotated_twice_and_the_oldest_is_gone,
    rotated_twice_and_the_oldest_compressed,
]
"""Found by what rotation calls files, where these are not followed by their own names."""

ROTATIONS = [
    renamed,
    renamed_and_still_written,
    renamed_and_made_later,
    renamed_and_compressed,
    copied_and_truncated,
    copied_truncated_and_grown_past_the_old_end,
    copied_and_truncated_later,
    truncated_by_a_writer_that_does_not_append,
    deleted_and_made_anew,
    deleted_and_made_anew_later,
    switched_to_another_target,
    rotated_three_times_in_a_row,
]


def counted_once_through(rotate: Callable[[Log], None], log: Log) -> None:
    log.write(10)
    log.read()
    rotate(log)
    log.read()
    log.write(3)
    assert log.read() == log.written
    assert log.read(after=120.0) == log.written


@pytest.mark.parametrize("path", ["app.log", "app.log*", "*"])
@pytest.mark.parametrize("rotate", ROTATIONS)
def test_every_line_is_counted_once_through(
    rotate: Callable[[Log], None], path: str, tmp_path: Path
) -> None:
    counted_once_through(rotate, Log(tmp_path, path))


@pytest.mark.parametrize("path", ["app.log", "app.lo[g]"])
@pytest.mark.parametrize("rotate", [*TWICE, rotated_beside_another_log])
def test_what_is_rotated_between_two_looks_is_counted_once_through(
    rotate: Callable[[Log], None], path: str, tmp_path: Path
) -> None:
    for number in (7, 8):
        (tmp_path / f"app.log.{number}").write_text("old\n" * 50)
    counted_once_through(rotate, Log(tmp_path, path))


@pytest.mark.parametrize("path", ["app.log", "app.log*"])
@pytest.mark.parametrize("rotate", [renamed, copied_and_truncated])
def test_what_was_written_just_before_a_rotation_is_not_missed(
    rotate: Callable[[Log], None], path: str, tmp_path: Path
) -> None:
    log = Log(tmp_path, path)
    log.write(10)
    log.read()
    log.write(7)
    rotate(log)
    assert log.read() == log.written


@settings(max_examples=30, deadline=None)
@given(
    path=st.sampled_from(["app.log", "app.log*"]),
    steps=st.lists(
        st.sampled_from(["write", "read", *ROTATIONS, *TWICE, gone_for_long]), max_size=12
    ),
)
def test_any_sequence_of_rotations_loses_nothing(
    path: str,
    steps: list[str | Callable[[Log], None]],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    log = Log(tmp_path_factory.mktemp("logs"), path)
    log.write(5)
    for step in steps:
        if step == "write":
            log.write(3)
        elif log.read() and callable(step) and not log.file.is_symlink():
            step(log)
            log.write()
    assert log.read() == log.written
    log.follower.close()


def test_only_what_is_new_is_read(tmp_path: Path) -> None:
    (tmp_path / "app.log").write_text("old\n" * 100)
    (tmp_path / "app.log.1").write_text("older\n" * 100)
    log = Log(tmp_path, "app.log*")
    assert log.read() == 0
    log.write(2)
    assert log.read() == 2


def test_a_log_that_begins_like_another_is_no_copy_of_it(tmp_path: Path) -> None:
    log = Log(tmp_path, "*.log")
    other = tmp_path / "other.log"
    for lines in (("started", "started"), ("one", "two"), ("three", "four")):
        for file, line in zip((log.file, other), lines, strict=True):
            with file.open("a") as opened:
                opened.write(f"{line}\n")
            log.read()
    assert log.read() == 6


@pytest.mark.parametrize("first", ["ready\n", "ready\nfailed\n"])
def test_a_log_that_goes_on_where_another_rests_is_no_copy_of_it(
    first: str, tmp_path: Path
) -> None:
    log = Log(tmp_path, "*.log")
    log.file.write_text("ready\n")
    log.read()
    other = tmp_path / "other.log"
    other.write_text(first)
    log.read()
    with other.open("a") as opened:
        opened.write("failed again\n")
    assert log.read() == 1 + first.count("\n") + 1


@pytest.mark.parametrize("path", ["app.log*", "*"])
def test_a_copy_that_is_still_being_written_is_not_counted(path: str, tmp_path: Path) -> None:
    log = Log(tmp_path, path)
    log.write(50)
    log.read()
    content = log.file.read_bytes()
    copy = tmp_path / "app.log.1"
    for size in (10, 300, 1000, len(content)):
        copy.write_bytes(content[:size])
        assert log.read() == log.written
    os.truncate(log.file, 0)
    log.write(2)
    log.read()
    assert log.read() == log.written


def test_a_beginning_that_stays_one_is_a_log_of_its_own(tmp_path: Path) -> None:
    log = Log(tmp_path, "app.log*")
    log.write(50)
    log.read()
    (tmp_path / "app.log.err").write_text("line 1 of a task that succeeded\n")
    assert [log.read(), log.read()] == [50, 51]


def gone_for_long_and_written_late(log: Log) -> None:
    log.write(50)
    log.read()
    old = log.rename()
    log.write()
    log.read()
    log.read(after=61.0)
    log.rename()
    with old.open("a") as opened:
        opened.write("too late\n")


def never_there(log: Log) -> None:
    log.write(50)
    log.rename()
    log.written = 0
    log.follower = Follower(LogSettings(path=str(log.file)))
    log.read()


@pytest.mark.parametrize("path", ["app.log", "app.lo[g]"])
@pytest.mark.parametrize("leave", [gone_for_long, gone_for_long_and_written_late, never_there])
def test_what_was_rotated_before_is_not_counted_when_a_log_comes(
    leave: Callable[[Log], None], path: str, tmp_path: Path
) -> None:
    log = Log(tmp_path, path)
    leave(log)
    log.write()
    assert log.read() == log.written


def test_a_log_that_comes_beside_old_rotated_files_counts_alone(tmp_path: Path) -> None:
    log = Log(tmp_path, "*.log")
    for name in ("other.log.1", "other.log-20261122", "other.log.2026-11-21_08"):
        (tmp_path / name).write_text("old\n" * 50)
    log.read()
    (tmp_path / "other.log").write_text("new\n")
    assert log.read() == 1


def test_a_line_counts_once_it_is_complete(tmp_path: Path) -> None:
    log = Log(tmp_path, pattern="succeeded$")
    with log.file.open("a") as opened:
        opened.write("task succ")
        opened.flush()
        assert log.read() == 0
        opened.write("eeded\n")
    assert log.read() == 1


@pytest.mark.parametrize(
    ("content", "pattern", "matches"),
    [
        (b"task done\ntask lost\n", "done", 1),
        (b"done " * 50_000 + b"\nnext done\n", "done", 2),
        (b"x" * 300_000 + b" done\nnext done\n", "done", 1),
        (b"\xff\xfe done\n\xc3\xa9t\xc3\xa9 done\n", "done", 2),
        ("été\n".encode(), "^été$", 1),
        (b"one\r\ntwo\r\n", r"^two\s*$", 1),
        (b"\n\n\n", "^$", 3),
        (b"\0\0\0done\n", "^done$", 1),
    ],
)
def test_hostile_lines_are_bounded_and_decoded(
    content: bytes, pattern: str, matches: int, tmp_path: Path
) -> None:
    log = Log(tmp_path, pattern=pattern)
    with log.file.open("ab") as opened:
        opened.write(content)
    assert log.read() == matches


def test_a_burst_is_read_whole(tmp_path: Path) -> None:
    burst(tmp_path, megabytes=10)


@pytest.mark.soak
def test_a_burst_of_100_mb_is_read_whole(tmp_path: Path) -> None:
    burst(tmp_path, megabytes=100)


def burst(folder: Path, megabytes: int) -> None:
    log = Log(folder, pattern="succeeded")
    line = b"2026-11-22 20:00:00 task succeeded in 0.1s: None, and so on and on and on\n"
    lines = megabytes * 1_000_000 // len(line)
    with log.file.open("ab") as opened:
        opened.write(line * (lines // 2))
        log.read()
        opened.write(line * (lines - lines // 2))
    log.rename()
    log.write(1)
    assert log.read() == lines + 1


def test_a_file_that_is_not_there_or_is_none_is_said(tmp_path: Path) -> None:
    follower = Follower(LogSettings(path=str(tmp_path / "none.log")))
    assert follower.read(NOW).problem == f"{tmp_path}/none.log: No such file or directory"
    (tmp_path / "none.log").write_text("first\n")
    reading = follower.read(NOW + 5)
    assert (reading.problem, reading.matches) == ("", 1)
    folder = Follower(LogSettings(path=str(tmp_path)))
    assert folder.read(NOW).problem == f"{tmp_path}: not a file"
    os.mkfifo(tmp_path / "pipe")  # opening it would wait for ever
    assert Follower(LogSettings(path=str(tmp_path / "pipe"))).read(NOW).problem.endswith("a file")


def test_a_file_that_fails_when_it_is_read_is_said_and_costs_no_other(tmp_path: Path) -> None:
    log = Log(tmp_path, "*.log")
    failing = tmp_path / "failing.log"
    failing.symlink_to("/proc/self/mem")  # nobody has mapped its first page
    log.write(2)
    for _ in range(2):
        reading = log.follower.read(NOW)
        assert reading.problem == f"{failing}: Input/output error"
        log.counted += reading.matches
    failing.unlink()
    log.write(3)
    assert [log.read(), log.read(after=61.0)] == [log.written] * 2
    assert log.follower.read(log.now).problem == ""


def test_a_file_whose_server_forgot_it_is_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(tmp_path)
    log.write(2)
    log.read()
    (forgotten,) = (
        int(link.name)
        for link in Path("/proc/self/fd").iterdir()
        if link.is_symlink() and str(link.readlink()) == str(log.file)
    )

    def of_a_server(call: Callable[..., Any]) -> Callable[..., Any]:
        def answered(fd: int, *rest: int) -> Any:
            if fd == forgotten:
                raise OSError(errno.ESTALE, "Stale file handle")
            return call(fd, *rest)

        return answered

    log.rename().unlink()
    log.write(3)
    for name in ("fstat", "pread"):
        monkeypatch.setattr(f"monitor.logs.tail.os.{name}", of_a_server(getattr(os, name)))
    reading = log.follower.read(NOW)
    assert (reading.matches, reading.problem) == (3, f"{log.file}: Stale file handle")
    log.write(1)
    reading = log.follower.read(NOW + 5)
    assert (reading.matches, reading.problem) == (1, "")


def test_what_was_read_before_an_error_counts_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(tmp_path)
    log.write(60_000)
    failing = [OSError(errno.EIO, "Input/output error")] * 2
    pread = os.pread

    def failing_twice(fd: int, count: int, offset: int) -> bytes:
        if failing and offset >= (1 << 20) - 64:  # the second chunk, and the end of the first
            raise failing.pop()
        return pread(fd, count, offset)

    monkeypatch.setattr("monitor.logs.tail.os.pread", failing_twice)
    assert 0 < log.read() < log.written
    assert log.read() == log.written


def test_a_rotation_alone_is_no_write(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.write()
    os.utime(log.file, (NOW - 7200, NOW - 7200))
    log.copy_and_truncate()
    assert log.follower.read(NOW).written_at is None
    log.file.unlink()
    log.file.touch()
    assert log.follower.read(NOW).written_at is None
    log.write()
    os.utime(log.file, (NOW + 7200, NOW + 7200))
    assert log.follower.read(NOW).written_at == NOW, "no write lies ahead"


def test_files_that_have_left_are_let_go_once_quiet(tmp_path: Path) -> None:
    log = Log(tmp_path)
    for _ in range(20):
        log.write()
        log.rename()
        log.write()
        log.read(after=61.0)
    log.read(after=200.0)
    log.read(after=200.0)
    opened = [file for file in Path("/proc/self/fd").iterdir() if file.exists()]
    ours = [file for file in opened if str(file.readlink()).startswith(str(tmp_path))]
    assert len(ours) == 1


def test_no_more_files_than_a_bound_are_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.logs.follower._FILES", 3)
    for number in range(5):
        (tmp_path / f"{number}.log").write_text(f"old {number}\n")
        os.utime(tmp_path / f"{number}.log", (NOW - 100 + number, NOW - 100 + number))
    follower = Follower(LogSettings(path=str(tmp_path / "*.log")))
    reading = follower.read(NOW)
    assert (reading.matches, reading.problem) == (0, "5 files match, the 3 newest are followed")
    with (tmp_path / "0.log").open("a") as opened:
        opened.write("new\n")
        opened.flush()
        assert follower.read(NOW + 5).matches == 0, (
            "what was passed over is not read from its start"
        )
        opened.write("newer\n")
    assert follower.read(NOW + 10).matches == 1
    (tmp_path / "1.log").rename(tmp_path / "1.log.1")
    (tmp_path / "1.log").write_text("first\n")
    assert follower.read(NOW + 15).matches == 1, "nor is it once it was rotated"
    follower.close()
