"""A reusable Django app: people who follow each other, and what is done about it in workers."""
