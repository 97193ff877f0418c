"""The workers of one broker: who lives, who is late, who is dead, and who consumes what."""
