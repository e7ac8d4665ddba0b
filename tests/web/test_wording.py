"""Times, spans, sizes and foreign text in words."""

import unicodedata
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.template import Context, Template
from django.utils import timezone
from django.utils.safestring import SafeString
from hypothesis import given
from hypothesis import strategies as st

from pingadmin.web import wording

MADRID = ZoneInfo("Europe/Madrid")
NOON = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


def in_madrid(when, now=NOON):
    return wording.moment(when, now=now, zone=MADRID)


def test_a_moment_of_today_is_a_clock_whose_zone_the_page_names():
    assert in_madrid(datetime(2026, 11, 22, 13, 2, 11, tzinfo=UTC)) == "14:02:11"


def test_a_moment_of_another_day_carries_its_date():
    assert in_madrid(datetime(2026, 11, 3, 8, 0, 0, tzinfo=UTC)) == "3 Nov, 09:00:00"


def test_a_moment_of_another_year_carries_its_year():
    assert in_madrid(datetime(2025, 11, 3, 8, 0, 0, tzinfo=UTC)) == "3 Nov 2025, 09:00:00"


def test_today_is_the_viewers_today_not_the_servers():
    late = datetime(2026, 11, 22, 23, 30, 0, tzinfo=UTC)
    assert in_madrid(late, now=NOON) == "23 Nov, 00:30:00"


def test_the_hour_that_happens_twice_is_told_apart_by_its_zone():
    first, second = (
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
    )
    assert in_madrid(first, now=first) == "02:30:00 CEST"
    assert in_madrid(second, now=second) == "02:30:00 CET"


def test_a_moment_before_the_clocks_were_changed_has_its_own_zone():
    assert in_madrid(datetime(2026, 7, 3, 8, 0, tzinfo=UTC)) == "3 Jul, 10:00:00 CEST"


@pytest.mark.parametrize(
    ("zone", "short", "long"),
    [
        ("UTC", "UTC", "UTC"),
        ("Europe/Madrid", "CET", "Europe/Madrid (UTC+1)"),
        ("America/Sao_Paulo", "UTC-3", "America/Sao_Paulo (UTC-3)"),
        ("Asia/Kathmandu", "UTC+5:45", "Asia/Kathmandu (UTC+5:45)"),
        ("America/St_Johns", "NST", "America/St_Johns (UTC-3:30)"),
        ("Atlantic/Reykjavik", "GMT", "Atlantic/Reykjavik (UTC)"),
    ],
)
def test_a_zone_is_always_named_by_letters_or_by_its_distance(zone, short, long):
    local = NOON.astimezone(ZoneInfo(zone))
    assert wording.zone_short(local) == short
    assert wording.zone_long(local) == long


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s ago"),
        (12.9, "12 s ago"),
        (59, "59 s ago"),
        (60, "1 min ago"),
        (3599, "59 min ago"),
        (3600, "1 h ago"),
        (86400 * 3, "3 d ago"),
        (-0.4, "0 s ago"),
        (-61, "1 min ahead of our clock"),
    ],
)
def test_an_age_is_one_unit(seconds, words):
    assert wording.age(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59.9, "59 s"),
        (480, "8 min"),
        (485, "8 min 5 s"),
        (4320, "1 h 12 min"),
        (3605, "1 h"),
        (86400 * 2 + 3600, "2 d 1 h"),
        (None, "not known"),
        (-1, "not known"),
    ],
)
def test_a_duration_is_its_two_largest_units(seconds, words):
    assert wording.duration(seconds) == words


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (1023 * 1024**2, "1.0 GB"),
        (999 * 1024**2, "999 MB"),
        (325058560, "310 MB"),
        (1288490189, "1.2 GB"),
        (1048575, "1.0 MB"),
        (10188, "9.9 kB"),
        (10239, "10 kB"),
        (None, "not known"),
        (-5, "not known"),
    ],
)
def test_a_size_is_short(count, words):
    assert wording.size(count) == words


def test_foreign_text_shows_what_would_hide_in_it():
    assert wording.visible("a\u202eb\r\n") == "a\\u202eb\\u000d\\u000a"
    assert wording.visible("\x1b[31m\u200b\x00") == "\\u001b[31m\\u200b\\u0000"
    assert wording.visible("\ud800\U000e0001") == "\\ud800\\U000e0001"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("\u3164", "\\u3164"),
        ("a\u115fb", "a\\u115fb"),
        ("\u2800\u2800", "\\u2800\\u2800"),
        ("\u00a0", "\\u00a0"),
        ("\u3000\u2003", "\\u3000\\u2003"),
        ("e" + "\u0301" * 5, "e\u0301\u0301\u0301\\u0301\\u0301"),
    ],
)
def test_what_is_blank_or_piled_up_is_written_out(name, shown):
    assert wording.visible(name) == shown


@pytest.mark.parametrize(
    "name", ["東京\u3000太郎", "10\u00a0km", "Việt Nam", "e\u0323\u0302", " ", ""]
)
def test_spaces_and_marks_of_honest_names_stay(name):
    assert wording.visible(name) == name


def test_ordinary_words_of_any_script_stay_as_they_are():
    assert wording.visible("Kovač — 東京, naïve! 👍") == "Kovač — 東京, naïve! 👍"


@given(st.text())
def test_visible_text_can_be_printed_on_one_line(text):
    shown = wording.visible(text)
    assert shown.splitlines() == ([shown] if text else [])
    assert all(
        character.isprintable() or unicodedata.category(character) == "Zs" for character in shown
    )


def render(source, **context):
    return Template("{% load panel %}" + source).render(Context(context))


@time_machine.travel(NOON, tick=False)
def test_a_moment_carries_utc_in_its_title():
    html = render("{{ when|moment }}", when=NOON)
    assert 'datetime="2026-11-22T12:00:00Z" title="2026-11-22 12:00:00 UTC">12:00:00</time>' in html


@time_machine.travel(NOON, tick=False)
def test_a_moment_follows_the_active_zone():
    with timezone.override(MADRID):
        assert ">13:00:00<" in render("{{ when|moment }}", when=NOON)


@time_machine.travel(NOON, tick=False)
def test_an_age_carries_its_seconds_for_the_script():
    html = render("{{ when|age }}", when=timezone.now() - timedelta(seconds=75))
    assert 'data-age="75"' in html and ">1 min ago</time>" in html


def test_a_size_carries_the_exact_bytes():
    html = render("{{ count|bytes_human }}", count=325058560)
    assert html == '<data value="325058560" title="325,058,560 bytes">310 MB</data>'


def test_what_is_missing_is_called_not_known():
    for name in ("moment", "age", "duration", "bytes_human"):
        assert render("{{ nothing|" + name + " }}", nothing=None) == "not known"


def test_visible_text_is_still_escaped():
    hostile = "<script>alert(1)</script>\u202e"
    assert (
        render("{{ text|visible }}", text=hostile) == "&lt;script&gt;alert(1)&lt;/script&gt;\\u202e"
    )
    assert "<script>" not in render("{{ text|visible }}", text=SafeString(hostile))


NAMES = {"Ana Kovač": "AK", "support": "SU", "support2": "S2", "a b c": "AC", "a": "A", "": ""}


@pytest.mark.parametrize(("name", "letters"), NAMES.items())
def test_initials_are_two_letters(name, letters):
    assert render("{{ name|initials }}", name=name) == letters
