from monitor.web.labels import label_text


def test_quotes_backslashes_and_newlines_are_escaped() -> None:
    assert label_text(("a", "b"), ("\\n\n", '"')) == r'a="\\n\n",b="\""'
