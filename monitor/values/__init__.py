"""Small value types that every floor shares: durations, sizes, names, secrets."""
