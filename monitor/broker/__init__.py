"""All that touches Redis: one poll, the event feed and control, each handed on as readings."""
