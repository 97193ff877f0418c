"""The faults that the demo can play, one a module; each `play` raises one, and has it end.

What an `Outcome` says of it is what a webhook receiver and a reader of `/metrics` saw.
"""
