"""What a benchmark says: a ratio measured in one run, and the bound it must keep."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One line of `make bench`."""

    name: str
    measured: str
    """The figures behind the ratio, as a person reads them."""
    ratio: float
    bound: float
    holds: bool

    def __str__(self) -> str:
        return f"{self.name}: {self.measured}"
