"""The Nagios plugin, and the judgement that it and `/check/…` share.

A checker starts the plugin anew for every service, every few seconds: what it needs to ask a
daemon is standard library alone.
"""
