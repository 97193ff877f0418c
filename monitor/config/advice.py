"""What to do about a text that is not YAML: PyYAML says what it met, not what was meant.

Called by `document.py`.
"""

import re

import yaml

_REMEDIES = (
    (r"character '\\t'", "use spaces, not tabs"),
    (r"character '[@`%]'", "a value that begins so needs quotes"),
    (r"expected alphabetic or numeric", "what begins with * or & needs quotes"),
    (
        r"mapping values are not",
        "the keys of a mapping begin in one column; a value with ': ' in it needs quotes",
    ),
    (r"unknown escape character", "in single quotes a backslash is just that"),
    (r"found '<scalar>'", "a value that begins with a quote, [ or {, and goes on, needs quotes"),
    (r"expected <block end>", "the keys of a mapping, or the '-' of a list, begin in one column"),
)
"""By what PyYAML says."""

_LEFT_OPEN = re.compile(r"unexpected end of stream|expected ',' or")


def advice(error: yaml.MarkedYAMLError, text: str, *, has_variables: bool) -> str:
    """Return what to put behind PyYAML's words about `text`, in brackets; or nothing.

    `has_variables`: `${NAME}` stands for something there.
    """
    mark, opened = error.problem_mark, error.context_mark
    lines = text.splitlines()
    if has_variables and mark and mark.line < len(lines) and "${" in lines[mark.line]:
        return " (inside [] and {} a value with ${NAME} needs quotes)"
    said = error.problem or ""
    if opened and _LEFT_OPEN.search(said):
        place = f"line {opened.line + 1}, column {opened.column + 1}"
        return f" (is the {text[opened.index]} of {place} closed?)"
    found = (remedy for pattern, remedy in _REMEDIES if re.search(pattern, said))
    return next((f" ({remedy})" for remedy in found), "")
