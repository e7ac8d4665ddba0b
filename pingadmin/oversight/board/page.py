"""The board as a page and as the answer to its polls: what the templates show, put together once."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from django.contrib.auth import get_user_model
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from pingadmin import upstream
from pingadmin.oversight.board import history, live, rows
from pingadmin.oversight.board.cursor import Mark, write_shown
from pingadmin.oversight.board.filters import ALL, LARGE, VIEWS, Question
from pingadmin.oversight.board.listing import GROUPS, Listing, Row, listing, rows_of
from pingadmin.oversight.models import SavedView, TeamState
from pingadmin.remote_sessions.history import coverage

POLL_SECONDS, HURRIED_POLL_SECONDS = 5, 2
SORTS_BY_WHAT_MOVES = {"seen", "traffic"}


@dataclass(frozen=True)
class Group:
    """title: "" where rows stand in no group. html: its rows."""

    title: str
    html: str


@dataclass(frozen=True)
class Chip:
    label: str
    address: str
    is_on: bool
    count: int | None = None


def page_context(question: Question, *, person) -> dict:
    """The context of the whole page, for the board as it is now."""
    now = timezone.now()
    start = now - live.OVERLAP
    around = live.standing(start=start, now=now)
    found = listing(question, me=person, now=now)
    mark = live.mark_after(found.rows, around, start)
    return {
        "groups": _groups(question, found.rows, now=now, person=person),
        "rendered_at": int(now.timestamp()),
        "shown": write_shown(found.rows, grouped=question.is_grouped),
        **live_context(question, found.rows, mark, around),
        **frame(question, found, person=person),
    }


def past_page_context(question: Question, *, person) -> dict:
    """The context of the whole page, for the board as it was at the question's moment."""
    found = listing(question, me=person, now=timezone.now())
    then = history.as_of(found.rows, question.at)
    groups = [Group("", rows.write_all(then, rows.around_past(question.at)))] if then else []
    return {
        "groups": groups,
        "at": question.at,
        "now_address": address_of(question, at=""),
        "unwatched_then": list(_unwatched_then(question.at)),
        **frame(question, found, person=person),
    }


def changes_context(question: Question, *, mark: Mark, shown: dict[int, str], person) -> dict:
    """The context of a poll's answer: the rows that may look different, and the news where they changed."""
    now = timezone.now()
    start = now - live.OVERLAP
    around = live.standing(start=start, now=now)
    visited = live.visited(mark.start)
    stand = rows_of(shown, now=now)
    changed = [
        row
        for row in stand
        if live.may_look_different(
            row, since=mark.start, now=now, is_visited=row.known.pk in visited
        )
    ]
    found = listing(question, me=person, now=now, counted=False)
    steady = not (
        question.sort in SORTS_BY_WHAT_MOVES or (question.view == ALL and not question.sort)
    )
    news = live.news(shown, stand, found, grouped=question.is_grouped, steady=steady)
    return {
        "rows": _html(changed, now=now, person=person),
        "news": news,
        "news_changed": str(news) != mark.news,
        "board_address": address_of(question),
        **live_context(question, stand, live.mark_after(stand, around, start, news), around),
    }


def live_context(question: Question, shown: list[Row], mark: Mark, around: live.Standing) -> dict:
    """What stands by "Live", and where and how often the page asks again."""
    hurried = any(row.group == "unknown" or row.attempt for row in shown)
    query = question.urlencode(since=mark)
    unwatched = live.unwatched(around)
    return {
        "poll": f"{reverse('oversight:rows')}?{query}",
        "poll_seconds": HURRIED_POLL_SECONDS if hurried else POLL_SECONDS,
        "around": around,
        "not_watched": unwatched,
        "silent_since": max((each.until for each in unwatched if each.until), default=None),
    }


def frame(question: Question, found: Listing, *, person) -> dict:
    """What stands around the table."""
    return {
        "question": question,
        "found": found,
        "board_address": address_of(question),
        "chips": _chips(question, found),
        "all_address": address_of(question, view=ALL, page=""),
        "saved_views": _saved(question),
        "assigned_names": _assigned_names(),
        "listing": [api for api in map(upstream.api_for, upstream.aliases()) if api.can_list],
        "pages": _pages(question, found),
        "sizes": _sizes(question, found),
        "columns": rows.COLUMNS,
        "nothing_known": not found.counts[ALL] and not question.narrows,
    }


def address_of(question: Question, **changed) -> str:
    query = question.urlencode(**changed)
    return f"{reverse('oversight:board')}?{query}" if query else reverse("oversight:board")


def _groups(question: Question, found: list[Row], *, now: datetime, person) -> list[Group]:
    beside = rows.around(found, now=now, may_resume=person.has_perm("resumes.resume"))
    if not question.is_grouped:
        return [Group("", rows.write_all(found, beside))] if found else []
    return [
        Group(GROUPS[name], rows.write_all(each, beside))
        for name, each in groupby(found, key=lambda row: row.group)
    ]


def _unwatched_then(at: datetime) -> Iterator[tuple[str, datetime | None]]:
    """The label of each account that was not watched at a moment (None), or was again only since shortly before."""
    for alias in upstream.aliases():
        if found := coverage.find_gaps(alias, at - coverage.WATCH_TIMEOUT, at):
            end = found[-1].until_at
            yield upstream.api_for(alias).label, end if end and end < at else None


def _html(found: list[Row], *, now: datetime, person) -> str:
    return rows.write_all(
        found, rows.around(found, now=now, may_resume=person.has_perm("resumes.resume"))
    )


def _chips(question: Question, found: Listing) -> list[Chip]:
    return [
        Chip(
            label,
            address_of(question, view=view, page=""),
            question.view == view,
            found.counts[view],
        )
        for view, label in VIEWS.items()
    ]


def _saved(question: Question) -> list[tuple[SavedView, Chip]]:
    """A saved view is on where its question is the one that is asked, whichever page of it."""
    here = question.urlencode(page="")
    board = reverse("oversight:board")
    return [
        (view, Chip(view.name, f"{board}?{view.query}", view.query == here))
        for view in SavedView.objects.all()
    ]


def _assigned_names() -> list[tuple[str, str]]:
    """Those to whom anything is assigned, by name."""
    theirs = TeamState.objects.filter(assigned_to__isnull=False).values("assigned_to")
    people = get_user_model().objects.filter(pk__in=theirs).order_by(F("username").asc())
    return [(person.username, person.display_name) for person in people]


def _pages(question: Question, found: Listing) -> dict[str, str]:
    """Addresses of the page before and the page after, where there are any."""
    return {
        "previous": address_of(question, page=found.page - 1) if found.page > 1 else "",
        "next": address_of(question, page=found.page + 1) if found.page < found.pages else "",
    }


def _sizes(question: Question, found: Listing) -> str:
    """The address with a thousand rows on a page, where that shows more than a hundred do."""
    has_more = found.total > question.size and question.size < LARGE
    return address_of(question, size=LARGE, page="") if has_more else ""
