"""What a benchmark says: what was measured in one run, and the bound that it must keep."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One line of `make bench`."""

    name: str
    measured: str
    """The figures, as a person reads them."""
    bound: float
    holds: bool

    def __str__(self) -> str:
        return f"{self.name}: {self.measured}"
