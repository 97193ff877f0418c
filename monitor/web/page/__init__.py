"""The status page, drawn by the server: HTML and one style sheet, kept live by one script."""
