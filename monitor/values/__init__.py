"""Small value types that every floor shares: durations, sizes, secrets."""
