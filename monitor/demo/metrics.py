"""What the daemon's `/metrics` said at one moment; read by the summary and the scenarios."""

from typing import Self

from prometheus_client.parser import text_string_to_metric_families


class Metrics:
    """The samples of one scrape."""

    def __init__(self, samples: dict[str, list[tuple[dict[str, str], float]]]) -> None:
        self._samples = samples

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read Prometheus' text format. Raises ValueError when it is not that."""
        samples: dict[str, list[tuple[dict[str, str], float]]] = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                samples.setdefault(sample.name, []).append((sample.labels, sample.value))
        return cls(samples)

    def where(self, name: str, /, **labels: str) -> list[tuple[dict[str, str], float]]:
        """Return labels and value of each sample of `name` that has at least these labels."""
        return [
            (its_labels, value)
            for its_labels, value in self._samples.get(name, ())
            if labels.items() <= its_labels.items()
        ]

    def value(self, name: str, /, **labels: str) -> float | None:
        """Return the value of the one such sample; None when there is none."""
        return next((value for _, value in self.where(name, **labels)), None)
