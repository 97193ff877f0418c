"""The broker itself: its load, what it lost, and whether it takes writes."""
