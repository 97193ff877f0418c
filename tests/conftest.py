"""What holds for every test."""

import signal
import tempfile
from collections.abc import Iterator

import pytest
from hypothesis import settings

# A red run says something of the change at hand; `make soak` draws other examples each time.
settings.register_profile("repeatable", derandomize=True, database=None)


@pytest.fixture(scope="session", autouse=True)
def temporary_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep temporary files of ours and of every process that we start in a folder of pytest's:
    a worker that is killed, which is what many tests do, cannot remove its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(tmp_path_factory.mktemp("tmp")))
        patch.setattr(tempfile, "tempdir", None)
        yield


@pytest.fixture(scope="session", autouse=True)
def interruptions() -> None:
    """Let every program that tests start hear SIGINT: a shell has it ignored in what it runs in
    the background, and children inherit that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
