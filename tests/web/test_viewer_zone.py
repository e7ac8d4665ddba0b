"""Times are shown in the zone that the browser named, if it is one."""

import pytest

from tests.support.html import parse


def shown_zone(client, zone=None) -> str:
    if zone is not None:
        client.cookies["tz"] = zone
    return parse(client.get("/accounts/2fa/")).text("footer.foot summary")


def test_without_a_zone_it_is_utc(as_viewer):
    assert shown_zone(as_viewer) == "Times in UTC"


def test_a_known_zone_is_used_and_named(as_viewer):
    assert shown_zone(as_viewer, "Asia/Kathmandu") == "Times in Asia/Kathmandu (UTC+5:45)"


@pytest.mark.parametrize(
    "junk",
    [
        "Mars/Base",
        "../../etc/passwd",
        "/etc/passwd",
        "",
        "europe/madrid",
        "A" * 5000,
        "UTC;x",
        "posix",
    ],
)
def test_junk_is_utc(as_viewer, junk):
    assert shown_zone(as_viewer, junk) == "Times in UTC"


def test_one_viewers_zone_is_not_the_next_ones(as_viewer, as_support):
    shown_zone(as_viewer, "Asia/Kathmandu")
    assert shown_zone(as_support) == "Times in UTC"
