"""Who meets the sign-in comes back to the page they were on (T75, T83)."""

import pytest

PAGE = "http://testserver/sessions/ping/ses_1/?tab=2&x=%0d%0a"


def ask(client, current="", path="/sessions/", **headers):
    return client.get(path, headers={"HX-Request": "true", "HX-Current-URL": current, **headers})


def test_a_lapsed_sign_in_sends_the_whole_page_there_and_back(client, db):
    answer = ask(client, PAGE)
    assert answer.status_code == 204 and answer.content == b""
    assert answer["HX-Redirect"] == (
        "/accounts/login/?next=%2Fsessions%2Fping%2Fses_1%2F%3Ftab%3D2%26x%3D%250d%250a"
    )


def test_a_lapsed_sign_in_answers_a_submitted_form_the_same_way(client, db):
    answer = client.post(
        "/sessions/ping/ses_1/resume/", headers={"HX-Request": "true", "HX-Current-URL": PAGE}
    )
    assert answer.status_code == 204 and answer["HX-Redirect"].startswith(
        "/accounts/login/?next=%2Fsessions"
    )


@pytest.mark.parametrize(
    "current",
    [
        "https://evil.example/",
        "//evil.example/",
        "javascript:alert(1)",
        "http://testserver//evil.example/",
        "http://testserver.evil.example/",
        "\\\\evil.example",
        "http://testserver@evil.example/",
        "http://[",
        "",
    ],
)
def test_a_foreign_page_is_not_returned_to(client, db, current):
    assert ask(client, current)["HX-Redirect"] == "/accounts/login/?next=%2F"


def test_a_browser_is_redirected_as_ever(client, db):
    answer = client.get("/sessions/")
    assert answer.status_code == 302 and answer["Location"] == "/accounts/login/?next=/sessions/"


@pytest.mark.parametrize(
    ("page", "back"),
    [
        (PAGE, "%2Fsessions%2Fping%2Fses_1%2F%3Ftab%3D2%26x%3D%250d%250a%26unsent%3D1"),
        ("https://evil.example/x", "%2F"),
        ("", "%2F"),
    ],
)
def test_a_form_that_met_the_sign_in_leads_back_to_its_page_and_not_to_where_it_was_sent(
    client, db, page, back
):
    answer = client.post(
        "/sessions/ping/ses_1/notes/add/", {"text": "x"}, headers={"Referer": page}
    )
    assert (answer.status_code, answer["Location"]) == (302, f"/accounts/login/?next={back}")


def test_signing_out_leads_back_to_nothing(as_support):
    answer = as_support.post("/accounts/logout/", headers={"Referer": PAGE})
    assert answer.status_code == 302 and "next=" not in answer["Location"]


def test_an_address_that_takes_only_posts_says_so_when_it_is_opened(as_support):
    answer = as_support.get("/resumes/bulk/start/")
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert "only works with its button" in answer.text and 'id="find"' in answer.text


def test_other_redirects_are_left_alone(as_support):
    answer = ask(as_support, path="/")
    assert answer.status_code == 302 and "HX-Redirect" not in answer


def test_the_reason_for_the_end_reaches_the_login_page(as_support, settings):
    settings.SESSION_WHOLE_SECONDS = -1
    as_support.get("/healthz")
    there = ask(as_support, PAGE)
    assert there.status_code == 204
    assert b"You were signed out" in as_support.get(there["HX-Redirect"]).content


def test_the_page_says_that_what_met_the_sign_in_was_not_sent(as_support):
    assert "Nothing was sent" in as_support.get("/sessions/?unsent=1").text
    assert "Nothing was sent" not in as_support.get("/sessions/").text
