import pytest

from monitor.web.tls import has_allowed_name

NAMES = (
    ("DNS", "prometheus.example"),
    ("IP Address", "10.0.0.7"),
    ("IP Address", "2001:DB8:0:0:0:0:0:1\n"),
    ("email", "ops@example.com"),
    ("URI", "spiffe://example/prometheus"),
)


@pytest.mark.parametrize(
    "name",
    [
        "prometheus.example",
        "10.0.0.7",
        "2001:db8::1",
        "ops@example.com",
        "spiffe://example/prometheus",
    ],
)
def test_one_alternative_name_of_any_kind_is_enough(name: str) -> None:
    assert has_allowed_name({"subjectAltName": NAMES}, ("other", name))


@pytest.mark.parametrize("certificate", [None, {}, {"subjectAltName": NAMES}])
def test_without_one_nobody_is_let_in(certificate: dict[str, object] | None) -> None:
    assert not has_allowed_name(certificate, ("prometheus", "example"))
    assert not has_allowed_name(certificate, ())
