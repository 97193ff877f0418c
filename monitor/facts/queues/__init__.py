"""The queues of one broker: what waits, for how long, how it moves, and what that means."""
