"""Which queues a selection wants."""

import pytest

from monitor.broker.settings import QueueSelection

SELECTION = QueueSelection(names=("tmp.kept",), include=("high*", "tmp.*"), exclude=("tmp.*",))


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("high", True), ("highest", True), ("low", False), ("tmp.x", False), ("tmp.kept", True)],
)
def test_a_name_that_is_given_is_always_wanted_and_an_exclude_beats_an_include(
    name: str, wanted: bool
) -> None:
    assert SELECTION.wants(name) is wanted
