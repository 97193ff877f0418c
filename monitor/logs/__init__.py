"""Follows log files of tasks: whether they are still written, and what is written to them."""
