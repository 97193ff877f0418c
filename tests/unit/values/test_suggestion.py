import pytest

from monitor.values.suggestion import did_you_mean


@pytest.mark.parametrize(
    ("written", "known", "said"),
    [
        ("lenght", ["length", "oldest_age"], " (did you mean 'length'?)"),
        ("HIGHQUEUEBACKLOG", ["HighQueueBacklog"], " (did you mean 'HighQueueBacklog'?)"),
        ("LENGTH", ["length"], " (did you mean 'length'?)"),
        ("x-frame-options", ["X-Frame-Options"], " (did you mean 'X-Frame-Options'?)"),
        (12, ["128"], " (did you mean '128'?)"),
        ("length" * 1_000_000, ["length" * 13], f" (did you mean {'length' * 13!r}?)"),
        ("verdict", ["length"], ""),
        ("", ["length"], ""),
        ("length", [], ""),
    ],
)
def test_the_nearest_name_is_suggested(written: object, known: list[str], said: str) -> None:
    assert did_you_mean(written, known) == said
