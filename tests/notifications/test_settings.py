"""The address of the webhook, the panel's own, and the token of /metrics are read strictly and
never repeated.
"""

import pytest
from django.core.exceptions import ImproperlyConfigured

from pingadmin.config import environment

GOOD = [
    "https://hooks.example/services/T0/B0/x?y=z",
    "http://127.0.0.1:9/x",
    "http://[::1]:9/x",
    "http://localhost/x",
    "",
]
BAD = [
    "http://hooks.example/canary",
    "https://user:canary@hooks.example/x",
    "https://hooks.example/x#canary",
    "ftp://127.0.0.1/canary",
    "canary",
    "https://",
    "https://hooks.example/canary\u00e9",
]


@pytest.mark.parametrize("value", GOOD)
def test_a_webhook_is_https_or_on_this_machine(monkeypatch, value):
    monkeypatch.setenv("NOTIFY_URL", value)
    assert environment.webhook("NOTIFY_URL").reveal() == value
    assert "hooks" not in repr(environment.webhook("NOTIFY_URL"))


@pytest.mark.parametrize("value", BAD)
def test_any_other_address_is_refused_without_repeating_it(monkeypatch, value):
    monkeypatch.setenv("NOTIFY_URL", value)
    with pytest.raises(
        ImproperlyConfigured, match="NOTIFY_URL is not the address of a webhook"
    ) as caught:
        environment.webhook("NOTIFY_URL")
    assert "canary" not in str(caught.value)


def test_it_can_be_in_a_file(monkeypatch, tmp_path):
    (tmp_path / "url").write_text("https://hooks.example/x\n")
    monkeypatch.setenv("NOTIFY_URL_FILE", str(tmp_path / "url"))
    assert environment.webhook("NOTIFY_URL").reveal() == "https://hooks.example/x"


@pytest.mark.parametrize(
    "value", ["https://panel.example", "https://panel.example:8443/", "http://127.0.0.1:8000"]
)
def test_the_panels_own_address_is_an_origin(monkeypatch, value):
    monkeypatch.setenv("PANEL_URL", value)
    assert environment.origin("PANEL_URL") == value.rstrip("/")


@pytest.mark.parametrize(
    "value",
    [
        "panel.example",
        "http://panel.example",
        "https://panel.example/x",
        "https://a|b",
        "https://u@panel.example",
    ],
)
def test_any_other_is_refused(monkeypatch, value):
    monkeypatch.setenv("PANEL_URL", value)
    with pytest.raises(ImproperlyConfigured, match="Write scheme and host"):
        environment.origin("PANEL_URL")


@pytest.mark.parametrize("value", ["short", "x" * 19, "with a space in the middle of it"])
def test_a_token_is_long_and_one_word(monkeypatch, value):
    monkeypatch.setenv("METRICS_TOKEN", value)
    with pytest.raises(ImproperlyConfigured, match="at least 20 printable ASCII") as caught:
        environment.token("METRICS_TOKEN")
    assert value not in str(caught.value)
