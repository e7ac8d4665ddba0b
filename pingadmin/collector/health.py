"""How well the panel hears: is the collector there, is each account heard, what was not watched; and what is alarming.

Only what the collector wrote down is read. It is judged here, by the reader's clock: a dead collector cannot say that
it is dead.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import CharField, Value
from django.utils import timezone

from pingadmin.collector.lease import LASTS as LATE_AFTER
from pingadmin.collector.models import Beat, Feed
from pingadmin.notifications import delivery_status
from pingadmin.remote_sessions.history.coverage import CoverageGap, find_gaps
from pingadmin.upstream.errors import FAILURES

SILENT_AFTER = timedelta(seconds=120)
WINDOW = timedelta(hours=24)


@dataclass(frozen=True)
class Alarm:
    """Something that is not heard. what: never, stopped, silent (the collector), deaf (the account of that label)."""

    what: str
    since: datetime | None = None
    label: str = ""


@dataclass(frozen=True)
class Account:
    """One account. word: heard, interrupted, waiting, polled, deaf or unset, as `health.WORDS` explains; feed: what the
    collector wrote of it, None where nothing. gaps: of the newest 24 hours, oldest first; those that last have no end.
    """

    alias: str
    label: str
    word: str
    feed: Feed | None
    gaps: list[CoverageGap]
    circuit_is_open: bool

    @property
    def said(self) -> str:
        return WORDS[self.word][0]

    @property
    def meaning(self) -> str:
        """The colour's name."""
        return WORDS[self.word][1]

    @property
    def error_sentence(self) -> str:
        """How hearing it failed last, as the second half of a sentence."""
        return FAILURES.get(self.feed.error, self.feed.error)


# word -> what people read, the colour's name
WORDS = {
    "heard": ("Heard", "ok"),
    "polled": ("Asked one by one", "ok"),
    "interrupted": ("Not heard at present", "paused"),
    "waiting": ("Not heard yet", "idle"),
    "deaf": ("Not heard", "failed"),
    "unset": ("No longer set", "idle"),
}


@dataclass(frozen=True)
class Health:
    """Everything that the health page shows. collector: never, running, late, silent or stopped."""

    collector: str
    beat: Beat | None
    accounts: list[Account]
    window_from: datetime
    read_at: datetime
    messages: delivery_status.Standing

    @property
    def version(self) -> str:
        """Changes when anything that is shown does, beside the ages, which pages count on by themselves."""
        rows = [self.beat, *(account.feed for account in self.accounts)]
        facts = [row.__dict__ | {"_state": None} if row else None for row in rows]
        judged = [
            (account.alias, account.word, account.gaps, account.circuit_is_open)
            for account in self.accounts
        ]
        messages = [(each.pk, each.tries, each.failure) for each in self.messages.failing]
        return _version(
            self.collector,
            facts,
            judged,
            messages,
            self.messages.waiting,
            self.messages.delivered_at,
        )


def read() -> Health:
    """A few queries for each account."""
    now = timezone.now()
    # Whole minutes, so that nothing seems to change while nothing does.
    window_from = (now - WINDOW).replace(second=0, microsecond=0)
    beat = Beat.objects.order_by("-beat_at").first()
    feeds = {feed.alias: feed for feed in Feed.objects.all()}
    return Health(
        collector=_collector_word(beat.beat_at, beat.stopped_at, now) if beat else "never",
        beat=beat,
        accounts=[
            _account(alias, feeds.get(alias), beat, window_from, now)
            for alias in [*settings.UPSTREAMS, *sorted(feeds.keys() - settings.UPSTREAMS.keys())]
        ],
        window_from=window_from,
        read_at=now,
        messages=delivery_status.now(),
    )


def alarms() -> list[Alarm]:
    """What to tell everybody who is signed in; nothing while all is heard, or no upstream is set. One query."""
    if not settings.UPSTREAMS:
        return []
    now, (beat, feeds) = timezone.now(), _brief()
    if beat is None:
        return [Alarm("never")]
    started_at, beat_at, stopped_at = beat
    word = _collector_word(beat_at, stopped_at, now)
    if word in ("stopped", "silent"):
        return [Alarm(word, since=stopped_at or beat_at)]
    return [
        Alarm("deaf", since=since, label=account["LABEL"])
        for alias, account in settings.UPSTREAMS.items()
        if (since := _deaf_since(*feeds.get(alias, ("", None)), started_at, now))
    ]


def is_running(beat: Beat | None) -> bool:
    """Whether the collector gives signs of life; long before its silence is an alarm, what it said is not news."""
    return (
        beat is not None
        and _collector_word(beat.beat_at, beat.stopped_at, timezone.now()) == "running"
    )


def version_of(found: list[Alarm]) -> str:
    return _version(found)


def _brief():
    """The beat's three times or None; for each account how it is heard and when it was last."""
    beats = Beat.objects.annotate(alias=_text(""), kind=_text(""))
    rows = beats.values_list("alias", "kind", "started_at", "beat_at", "stopped_at").union(
        Feed.objects.values_list("alias", "kind", "up_since", "received_at", "error_at"), all=True
    )
    beat, feeds = None, {}
    for alias, kind, *times in rows:
        if alias:
            feeds[alias] = (kind, times[1])
        elif beat is None or times[1] > beat[1]:
            beat = times
    return beat, feeds


def _text(value):
    return Value(value, output_field=CharField())


def _collector_word(beat_at, stopped_at, now) -> str:
    if stopped_at:
        return "stopped"
    age = now - beat_at
    return "silent" if age > SILENT_AFTER else "late" if age > LATE_AFTER else "running"


def _deaf_since(kind, received_at, started_at, now) -> datetime | None:
    """Since when an account is not heard, where that is long. One that is asked session by session may be silent."""
    since = received_at or started_at
    return since if kind != "polls" and now - since > SILENT_AFTER else None


def _account(alias, feed, beat, window_from, now) -> Account:
    is_set = alias in settings.UPSTREAMS
    return Account(
        alias=alias,
        label=settings.UPSTREAMS[alias]["LABEL"] if is_set else alias,
        word=_account_word(feed, beat, now) if is_set else "unset",
        feed=feed,
        gaps=[_lasting(gap, now) for gap in find_gaps(alias, window_from, now)],
        circuit_is_open=bool(feed and feed.circuit_open_until and feed.circuit_open_until > now),
    )


def _account_word(feed, beat, now) -> str:
    collector = _collector_word(beat.beat_at, beat.stopped_at, now) if beat else "never"
    if collector not in ("running", "late"):
        return "deaf" if feed and feed.received_at else "waiting"
    if feed is None:
        return "deaf" if _deaf_since("", None, beat.started_at, now) else "waiting"
    if _deaf_since(feed.kind, feed.received_at, beat.started_at, now):
        return "deaf"
    if collector == "late":
        return "interrupted"
    if feed.kind == "polls":
        return "polled"
    if feed.received_at is None:
        return "waiting"
    return "heard" if feed.up_since else "interrupted"


def _lasting(gap: CoverageGap, now) -> CoverageGap:
    return CoverageGap(
        gap.from_at, None if gap.until_at is None or gap.until_at >= now else gap.until_at, gap.why
    )


def _version(*facts) -> str:
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]
