from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.reference_app.app import app
from monitor.reference_app.site import Site


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the site lives, with a mail server that takes no time."""
    monkeypatch.setenv("REFERENCE_APP_FOLDER", str(tmp_path / "site"))
    monkeypatch.setenv("REFERENCE_APP_MAIL_SECONDS", "0")
    return tmp_path / "site"


@pytest.fixture
def site(folder: Path) -> Site:
    return Site(folder)


@pytest.fixture
def eager() -> Iterator[None]:
    """Let tasks run where they are sent, and raise there."""
    app.conf.update(task_always_eager=True, task_eager_propagates=True)
    yield
    app.conf.update(task_always_eager=False, task_eager_propagates=False)
