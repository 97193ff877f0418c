"""What is true: pure values and arithmetic. No I/O here, and time is always an argument."""
