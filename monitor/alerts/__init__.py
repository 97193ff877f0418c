"""Deciding: which rule holds, what that makes of an alert, and who is due to be told. Pure."""
