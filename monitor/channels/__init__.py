"""Ways to reach people, one file each.

A channel only sends, and says whether a refusal is final.
"""
