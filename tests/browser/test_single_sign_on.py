"""Single sign-on as people meet it: a real browser, the real panel, a real OpenID provider."""

import json
import re
import sqlite3
from contextlib import closing

import pytest
from playwright.sync_api import expect

from tests.support.browser import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.process]

SUE = {
    "email": "Sue@Example.com",
    "email_verified": True,
    "preferred_username": "sue",
    "groups": ["vpn-support"],
}


@pytest.fixture
def panel(openid_provider, new_panel):
    """A panel of which `support` has Sue's address, in small letters."""
    started = new_panel(
        OIDC_GROUPS="vpn-admins=admin,vpn-support=support,security=auditor",
        OIDC_CREATE_PEOPLE="true",
        **openid_provider.environment(),
    )
    change(started, "UPDATE accounts_user SET email = 'sue@example.com' WHERE username = 'support'")
    return started


def change(panel, statement: str) -> None:
    with closing(sqlite3.connect(panel.database, timeout=60)) as connection, connection:
        connection.execute(statement)


def come_by_the_provider(page, name: str) -> None:
    """From our sign-in page to the provider's, through it, and back."""
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Work account").click()
    expect(page).to_have_url(re.compile("/interaction/"))
    page.locator("[name=login]").fill(name)
    page.locator("[name=password]").fill("anything")
    page.get_by_role("button", name="Sign-in").click()
    page.get_by_role("button", name="Continue").click()


def role_of(panel, name: str) -> str:
    rows = panel.rows(
        "SELECT g.name FROM accounts_user u JOIN accounts_user_groups ug ON ug.user_id = u.id"
        " JOIN auth_group g ON g.id = ug.group_id WHERE u.username = ?",
        name,
    )
    return ", ".join(row["name"] for row in rows)


def reasons(panel) -> list[str]:
    query = "SELECT detail FROM audit_auditevent WHERE action = 'sign_in_failed' ORDER BY seq"
    return [json.loads(row["detail"]).get("why", "") for row in panel.rows(query)]


def test_a_group_is_a_role_which_changes_and_ends_with_it(panel, openid_provider, new_page):
    openid_provider.has(sue=SUE)
    page = new_page()
    come_by_the_provider(page, "sue")
    expect(page).to_have_url(f"{panel.url}/sessions/")
    assert role_of(panel, "support") == "support"

    openid_provider.has(sue=SUE | {"groups": ["other", "security"]})
    page = new_page()
    come_by_the_provider(page, "sue")
    expect(page).to_have_url(f"{panel.url}/sessions/")
    assert role_of(panel, "support") == "auditor"

    openid_provider.has(sue=SUE | {"groups": ["other"]})
    page = new_page()
    come_by_the_provider(page, "sue")
    expect(page.get_by_role("heading", level=1)).to_have_text("You can’t sign in with this account")
    assert role_of(panel, "support") == ""
    roles = panel.rows("SELECT detail FROM audit_auditevent WHERE action = 'role_set' ORDER BY seq")
    assert [json.loads(row["detail"])["after"] for row in roles][-2:] == ["auditor", None]
    # The password is still that of an account without a role.
    panel.login("support")


def test_who_may_not_come_in_reads_why_and_so_does_the_log(panel, openid_provider, new_page):
    eve = SUE | {"email": "eve@example.com", "preferred_username": "eve"}
    refused = {
        "stranger": (eve | {"groups": []}, "nobody with this mail address was added here"),
        "unsaid": (
            {name: value for name, value in SUE.items() if name != "email_verified"},
            "does not say that the mail address was verified",
        ),
        "unverified": (
            SUE | {"email_verified": False},
            "does not say that the mail address was verified",
        ),
        "addressless": ({"groups": ["vpn-support"]}, "the provider gave no mail address"),
    }
    openid_provider.has(sue=SUE, **{name: claims for name, (claims, _) in refused.items()})
    for name, (_, reason) in refused.items():
        page = new_page()
        come_by_the_provider(page, name)
        expect(page.get_by_text(reason)).to_be_visible()
        assert page.get_by_text("sign in with your password").is_visible()
    assert len(reasons(panel)) == len(refused)

    page = new_page()
    come_by_the_provider(page, "sue")
    expect(page).to_have_url(f"{panel.url}/sessions/")
    change(panel, "UPDATE accounts_user SET is_active = 0 WHERE username = 'support'")
    page.reload()
    assert "/accounts/login/" in page.url
    page = new_page()
    come_by_the_provider(page, "sue")
    expect(page.get_by_text("this account was switched off")).to_be_visible()


def test_a_new_colleague_is_added_with_the_role_of_their_group(panel, openid_provider, new_page):
    openid_provider.has(
        ana={
            "email": "ana@example.com",
            "email_verified": True,
            "preferred_username": "ana",
            "given_name": "Ana",
            "family_name": "Berg",
            "groups": ["security"],
        }
    )
    page = new_page()
    come_by_the_provider(page, "ana")
    expect(page).to_have_url(f"{panel.url}/sessions/")
    assert role_of(panel, "ana") == "auditor"
    expect(page.get_by_label("Account of Ana Berg")).to_be_visible()


def test_signing_out_leads_on_to_signing_out_there(panel, openid_provider, new_page):
    openid_provider.has(sue=SUE)
    page = new_page()
    come_by_the_provider(page, "sue")
    expect(page).to_have_url(f"{panel.url}/sessions/")
    page.goto("/accounts/logout/")
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You’re signed out here")
    page.goto("/sessions/")
    assert "/accounts/login/" in page.url

    # Still signed in there: nothing is asked.
    page.get_by_role("button", name="Work account").click()
    expect(page).to_have_url(f"{panel.url}/sessions/")
    page.goto("/accounts/logout/")
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.get_by_role("link", name="Sign out of Work account too").click()
    page.get_by_role("button", name=re.compile("Yes", re.I)).click()
    expect(page).to_have_url(f"{panel.url}/accounts/login/")
    page.get_by_role("button", name="Work account").click()
    expect(page.locator("[name=login]")).to_be_visible()


def test_with_the_provider_dead_people_sign_in_here(panel, openid_provider, new_page):
    openid_provider.kill()
    page = new_page()
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Work account").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Single sign-on doesn’t answer")
    page.goto("/accounts/login/")
    sign_in(page, "support")
    expect(page).to_have_url(f"{panel.url}/sessions/")
    page = new_page("support")
    page.goto("/accounts/oidc/sso/logout/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Single sign-on doesn’t answer")
