"""What is wrong in the environment is refused at the start, by its name and with a sentence that
says what to do.
"""

import os
import runpy
import secrets
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from pingadmin.config import environment
from tests.support.processes import CHECKOUT, clean_environment

GOOD = {"ALLOWED_HOSTS": "panel.example"} | {
    key: secrets.token_urlsafe(48) for key in ("SECRET_KEY", "AUDIT_KEY")
}
ACCOUNT = 'backend = "pingadmin.upstream.ping.PingAPI"\nbase_url = "https://api.example"\n'


@pytest.fixture
def read(monkeypatch):
    """Reads pingadmin/settings.py again with this environment and nothing else; gives its names."""

    def with_names(**names):
        for name in os.environ.keys() - clean_environment().keys():
            monkeypatch.delenv(name)
        for name, value in (GOOD | names).items():
            monkeypatch.setenv(name, str(value))
        return runpy.run_path(str(CHECKOUT / "pingadmin/settings.py"))

    return with_names


@pytest.fixture
def read_accounts(read, tmp_path):
    def from_file(content: str):
        (tmp_path / "upstreams.toml").write_text(content)
        return read(UPSTREAMS_FILE=tmp_path / "upstreams.toml")["UPSTREAMS"]

    return from_file


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("LOOKUP_LIMITS", "5/0m", "Write rates such as"),
        ("OUTBOUND_PROXY", "https://proxy.example", "Write it as in http://proxy.example:3128"),
        ("OUTBOUND_PROXY", "http://proxy.example/x", "Write it as in http://proxy.example:3128"),
        ("CA_FILE", "/nonexistent", "holds no certificate that can be read"),
        ("CA_FILE", "/etc/hostname", "holds no certificate that can be read"),
        ("RESUME_LIMITS", "10/0m", "Write rates such as"),
        ("PAUSE_ROLES", "support,root", "holds 'root'. Set it to nothing, or to some of: support."),
        ("PAUSE_ROLES", "auditor", "some of: support."),
        ("ANSWER_ROLES", "viewer", "some of: support."),
        ("CANCEL_ROLES", "admin", "some of: support."),
        ("RESUME_LIMITS_PER_SESSION", "0/m", "Write rates such as"),
        ("TICKET_URL", "javascript:alert({ticket})", "Write one address with {ticket} once"),
        ("TICKET_URL", "ftp://tickets.example/{ticket}", "Write one address with {ticket} once"),
        ("TICKET_URL", "https://tickets.example/", "Write one address with {ticket} once"),
        (
            "TICKET_URL",
            "https://tickets.example/{ticket}/{ticket}",
            "Write one address with {ticket} once",
        ),
        (
            "TICKET_URL",
            "https://tickets.example/{project}/{ticket}",
            "Write one address with {ticket} once",
        ),
        ("TICKET_URL", "https://tickets.example/{ticket}}", "Write one address with {ticket} once"),
        ("TICKET_URL", "https://{ticket}.example/", "Write one address with {ticket} once"),
        ("TICKET_URL", "https://[::1/{ticket}", "Write one address with {ticket} once"),
        ("CLIENT_URL", "javascript:alert('{client}')", "Write one address with {client} once"),
        ("CLIENT_URL", "https://crm.example/", "Write one address with {client} once"),
        ("CLIENT_URL", "https://crm.example/{account}", "Write one address with {client} once"),
        ("CLIENT_URL", "https://crm.example/{client}/{client}", "no other braces"),
        ("CLIENT_URL", "https://crm.example/{account}{account}{client}", "no other braces"),
        ("CLIENT_URL", "https://crm.example/{name}/{client}", "no other braces"),
        ("CLIENT_URL", "https://{client}.example/", "Write one address with {client} once"),
        ("CLIENT_URL", "https://{account}.example/{client}", "Write one address with {client}"),
        ("CLIENT_URL", "http://crm.example/{client}", "must begin with https://"),
        ("CLIENT_URL", "ftp://crm.example/{client}", "must begin with https://"),
        ("CSRF_TRUSTED_ORIGINS", "*", "Write each origin as in"),
        ("CSRF_TRUSTED_ORIGINS", "https://*.example", "Write each origin as in"),
        ("CSRF_TRUSTED_ORIGINS", "panel.example", "Write each origin as in"),
        ("CSRF_TRUSTED_ORIGINS", "http://panel.example", "Write each origin as in"),
        ("CSRF_TRUSTED_ORIGINS", "https://panel.example/", "Write each origin as in"),
        ("UPSTREAM_READ_SLOTS", "2.5", "whole number of at least 1"),
        ("UPSTREAM_READ_SLOTS", "0", "whole number of at least 1"),
        ("UPSTREAM_WRITE_SLOTS", "two", "whole number of at least 1"),
        ("TRUSTED_PROXIES", "1.5", "whole number of at least 0"),
        ("TRUSTED_PROXIES", "-1", "whole number of at least 0"),
        ("DATABASE_URL", "foo", "Write it as in sqlite:////"),
        ("DATABASE_URL", "foo://bar", "Write it as in sqlite:////"),
        ("DATABASE_URL", "sqlite://panel.sqlite3", "Write it as in sqlite:////"),
        ("DATABASE_URL", "postgresql://host", "Write it as in sqlite:////"),
        ("DATABASE_URL", "postgresql://host:99999/name", "Write it as in sqlite:////"),
        ("LOG_LEVEL", "foo", "Set it to one of DEBUG, INFO"),
        ("CHECKPOINT_SINKS", "https://[::1", "Write mail:name@host"),
        ("EMAIL_URL", "mail.example", "mail server"),
        ("SECRET_KEY", "abcdefgh" * 6 + "a", "at least 50 random characters"),
        ("AUDIT_KEY", "abcdefgh" * 6 + "a", "at least 50 random characters"),
        ("AUDIT_KEY", "abcdefg" * 10, "at least 50 random characters"),
        (
            "SECRET_KEY",
            "django-insecure-" + "0123456789abcdefghij" * 3,
            "at least 50 random characters",
        ),
    ],
)
def test_a_value_that_cannot_be_used_is_refused(read, name, value, sentence):
    with pytest.raises(ImproperlyConfigured) as refused:
        read(**{name: value})
    assert sentence in str(refused.value)
    assert name in str(refused.value)


def test_a_provider_at_no_address_is_refused(read):
    with pytest.raises(ImproperlyConfigured, match="OIDC_SERVER_URL must begin with https://"):
        read(OIDC_SERVER_URL="https://[::1", OIDC_CLIENT_ID="pingadmin", OIDC_CLIENT_SECRET="hush")


@pytest.mark.parametrize(
    ("name", "value", "setting"),
    [
        ("TICKET_URL", "https://tickets.example/?id={ticket}#top", "TICKET_URL"),
        ("CLIENT_URL", "https://crm.example/{account}?id={client}", "CLIENT_URL"),
        ("CLIENT_URL", "http://127.0.0.1:8080/{client}", "CLIENT_URL"),
        ("SECRET_KEY", "abcdefgh" * 6 + "ab", "SECRET_KEY"),
    ],
)
def test_a_value_that_can_be_used_is_taken_as_it_is(read, name, value, setting):
    assert read(**{name: value})[setting] == value


def test_lists_numbers_and_levels_are_taken_in_their_shape(read):
    taken = read(
        CSRF_TRUSTED_ORIGINS="https://panel.example, http://127.0.0.1:8000",
        UPSTREAM_READ_SLOTS="4",
        TRUSTED_PROXIES="1",
        LOG_LEVEL="warning",
        DATABASE_URL="postgresql://panel@db.example:5432/panel",
        LOOKUP_LIMITS="5/2m",
    )
    assert taken["CSRF_TRUSTED_ORIGINS"] == ["https://panel.example", "http://127.0.0.1:8000"]
    assert (taken["UPSTREAM_READ_SLOTS"], taken["ALLAUTH_TRUSTED_PROXY_COUNT"]) == (4, 1)
    assert taken["LOGGING"]["loggers"]["pingadmin"]["level"] == "WARNING"
    assert taken["DATABASES"]["default"]["NAME"] == "panel"
    assert taken["LOOKUP_LIMITS"] == [(5, 120)]


def test_an_address_with_a_password_is_not_repeated(read):
    with pytest.raises(ImproperlyConfigured) as refused:
        read(DATABASE_URL="https://panel:hush@host.example/")
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"\xff\xfe\x00", "not text in UTF-8"), (b" \n", "empty"), (None, "cannot be read")],
)
@pytest.mark.parametrize("name", ["SECRET_KEY_FILE", "PING_API_KEY_FILE", "UPSTREAMS_FILE"])
def test_a_file_that_holds_no_value_is_refused(
    read, monkeypatch, tmp_path, name, content, sentence
):
    file = tmp_path / "value"
    if content is not None:
        file.write_bytes(content)
    if name == "SECRET_KEY_FILE":
        monkeypatch.setitem(GOOD, "SECRET_KEY", "")
    with pytest.raises(ImproperlyConfigured, match=f"{name} names {file}, which .*{sentence}"):
        read(**{name: file})


@pytest.mark.parametrize(
    "address",
    [
        "https://[::1",
        "https://host:999999",
        "https://host:0",
        "https://ho st",
        "https://u@host",
        "https://host/?",
        "host",
    ],
)
def test_a_base_url_that_is_no_plain_address_is_refused(read, address):
    with pytest.raises(ImproperlyConfigured, match="'ping': base_url is not a plain address"):
        read(PING_API_KEY="key", PING_BASE_URL=address)


@pytest.mark.parametrize("address", ["http://host", "http://127.999.999.1", "ftp://host"])
def test_a_base_url_that_others_could_read_is_refused(read, address):
    with pytest.raises(ImproperlyConfigured, match="must begin with https://"):
        read(PING_API_KEY="key", PING_BASE_URL=address)


def test_loopback_is_what_the_standard_says():
    assert all(
        map(environment.is_loopback, ["localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]"])
    )
    assert not any(
        map(environment.is_loopback, ["127.999.999.1", "10.0.0.1", "127.example", "", "[::2]"])
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("# nothing yet", "holds no account"),
        ("[ping", "is not TOML"),
        ("ping = 5", "ping is not a table"),
        (f"[ping]\n{ACCOUNT}api_key = 5", "api_key is not text"),
        (
            '[ping]\nbackend = 5\nbase_url = "https://api.example"\napi_key = "key"',
            "backend is not text",
        ),
        ('[ping]\nbackend = "x"\nbase_url = 5\napi_key = "key"', "base_url is not text"),
        (f'[ping]\n{ACCOUNT}api_key = "key"\nid_pattern = 5', "id_pattern is not text"),
        (
            f'[ping]\n{ACCOUNT}api_key = "key"\nid_pattern = "("',
            "id_pattern is not a regular expression",
        ),
        (
            f'[ping]\n{ACCOUNT}api_key = "key"\nlimits_path = "/../x"',
            "limits_path is not a path",
        ),
        (
            f'[ping]\n{ACCOUNT}api_key_file = "/nonexistent"',
            "api_key_file names /nonexistent, which cannot be read",
        ),
        (
            f'[ping]\n{ACCOUNT}api_key_file = "/dev/null"',
            "api_key_file names /dev/null, which is empty",
        ),
        (f'[ping]\n{ACCOUNT}api_key = "key"\napi_key_file = "/dev/null"', "both set"),
        (f"[ping]\n{ACCOUNT}", "api_key is missing"),
        (f'[ping]\n{ACCOUNT}api_key = "key"\nverify = "no"', "there is no key verify"),
        (f'[Ping]\n{ACCOUNT}api_key = "key"', "name it with a-z"),
    ],
)
def test_a_file_of_accounts_with_a_mistake_is_refused(read_accounts, content, sentence):
    with pytest.raises(ImproperlyConfigured) as refused:
        read_accounts(content)
    assert sentence in str(refused.value)


def test_a_file_of_accounts_is_read_with_the_files_it_names(read_accounts, tmp_path):
    (tmp_path / "key").write_text("a-key\n")
    account = read_accounts(f'[ping-2]\n{ACCOUNT}api_key_file = "{tmp_path}/key"')["ping-2"]
    assert account["API_KEY"].reveal() == "a-key"
    assert (account["LABEL"], account["BASE_URL"], account["ID_PATTERN"]) == (
        "ping-2",
        "https://api.example",
        "",
    )


@pytest.mark.process
@pytest.mark.parametrize("command", ["serve", "check", "runserver"])
def test_a_refused_setting_ends_every_command_with_one_sentence(command):
    done = subprocess.run(
        [sys.executable, "manage.py", command],
        cwd=CHECKOUT,
        env=clean_environment(**GOOD, LOG_LEVEL="foo"),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert (
        done.stderr
        == "LOG_LEVEL is 'FOO'. Set it to one of DEBUG, INFO, WARNING, ERROR, CRITICAL.\n"
    )


@pytest.mark.process
def test_the_shortest_keys_that_are_taken_satisfy_djangos_own_check():
    keys = {"SECRET_KEY": "abcdefgh" * 6 + "ab", "AUDIT_KEY": "hgfedcba" * 6 + "hg"}
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=CHECKOUT,
        env=clean_environment(**GOOD | keys),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


def test_cookies_of_production_are_bound_to_host_and_https(read):
    """T81: the prefix makes browsers refuse such a cookie from anybody else."""
    found = read()
    assert (found["SESSION_COOKIE_NAME"], found["CSRF_COOKIE_NAME"]) == (
        "__Host-session",
        "__Host-csrf",
    )
    assert found["SESSION_COOKIE_SECURE"] and found["CSRF_COOKIE_SECURE"]
    assert found["SESSION_COOKIE_HTTPONLY"] and found["SESSION_COOKIE_SAMESITE"] == "Lax"
    # The prefix demands these three of whoever sets the cookie.
    for name in ("SESSION_COOKIE", "CSRF_COOKIE"):
        assert found.get(f"{name}_DOMAIN") is None and found.get(f"{name}_PATH", "/") == "/"


@pytest.mark.parametrize(
    ("given", "subdomains", "preload"),
    [
        ({}, False, False),
        ({"HSTS_SUBDOMAINS": "true"}, True, False),
        ({"HSTS_SUBDOMAINS": "true", "HSTS_PRELOAD": "true"}, True, True),
        ({"HSTS_PRELOAD": "true"}, False, False),
    ],
)
def test_hsts_concerns_other_hosts_only_where_the_operator_says_so(
    read, given, subdomains, preload
):
    found = read(**given)
    assert found["SECURE_HSTS_SECONDS"] == 31536000
    assert found["SECURE_HSTS_INCLUDE_SUBDOMAINS"] is subdomains
    assert found["SECURE_HSTS_PRELOAD"] is preload
