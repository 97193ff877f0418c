from pathlib import Path

from monitor.facts.reference import metrics_reference

DOCUMENT = Path(__file__).parents[3] / "docs" / "metrics.md"


def test_the_metrics_reference_is_current() -> None:
    assert DOCUMENT.read_text() == metrics_reference(), (
        "make it anew: python -m monitor.facts.reference > docs/metrics.md"
    )
