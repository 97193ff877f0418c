"""`queue-monitor top`: queues and workers in a terminal, the worst first."""
