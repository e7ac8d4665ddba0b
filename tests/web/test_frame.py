"""The frame of every page: who is here, where they may go, and whether anything can be asked."""

import json

import pytest

from tests.support.html import parse


def page(client, path="/accounts/2fa/") -> str:
    return client.get(path).content.decode()


@pytest.mark.parametrize(
    ("client_fixture", "sessions", "audit", "people"),
    [
        ("as_viewer", True, False, False),
        ("as_support", True, True, False),
        ("as_auditor", True, True, False),
        ("as_admin", False, True, True),
    ],
)
def test_the_header_leads_only_where_one_may_go(request, client_fixture, sessions, audit, people):
    response = request.getfixturevalue(client_fixture).get("/accounts/2fa/")
    links = set(parse(response).attributes("[href]", "href"))
    assert ("/sessions/" in links) == sessions
    assert ("Find sessions" in response.text) == sessions
    assert ("/audit/" in links) == audit
    assert ("/people/" in links) == people


@pytest.mark.parametrize(
    ("client_fixture", "first"),
    [
        ("as_viewer", "/sessions/"),
        ("as_support", "/sessions/"),
        ("as_auditor", "/sessions/"),
        ("as_admin", "/audit/"),
    ],
)
def test_everybody_begins_at_a_page_that_they_may_see(request, client_fixture, first):
    client = request.getfixturevalue(client_fixture)
    assert client.get("/")["Location"] == first
    assert client.get(first).status_code == 200


def test_the_menu_names_the_person_and_the_role(as_support, support):
    support.first_name, support.last_name = "<b>Ana\u202e", "Kovač"
    support.save()
    html = page(as_support)
    assert (
        "&lt;b&gt;Ana\\u202e Kovač" in html
        and "support" in parse(html).texts("header *")
        and "<b>Ana" not in html
    )


def test_without_an_upstream_the_pages_say_so(as_support, settings):
    settings.UPSTREAMS = {}
    assert "No upstream account is configured" in page(as_support, "/sessions/")
    sentence = (
        "You can read the history and the audit log, but nothing can be looked up or resumed."
    )
    assert sentence in page(as_support, "/audit/")


def test_with_an_upstream_there_is_no_such_notice(as_auditor, settings):
    settings.UPSTREAMS = {"ping": {"LABEL": "Ping"}}
    assert "No upstream account is configured" not in page(as_auditor, "/audit/")


def test_only_the_token_is_in_an_attribute_as_json(as_support):
    shown = parse(page(as_support))
    assert len(shown.css("[hx-headers]")) == 1 and not shown.has("[hx-vals], [data-hx-vals]")


def test_htmx_is_told_to_evaluate_nothing_and_keep_nothing(as_support):
    config = json.loads(parse(page(as_support)).one("meta[name=htmx-config]")["content"])
    assert not any(
        config[name]
        for name in ("allowEval", "allowScriptTags", "includeIndicatorStyles", "historyCacheSize")
    )
    assert config["selfRequestsOnly"] and config["refreshOnHistoryMiss"]
    swaps = {rule["code"]: rule["swap"] for rule in config["responseHandling"]}
    assert swaps == {"204|304": False, "[23]..": True, "[45]..": True}


def test_the_frame_costs_the_same_few_queries_on_every_page(
    as_support, django_assert_max_num_queries
):
    with django_assert_max_num_queries(8):
        page(as_support, "/nothing/")
