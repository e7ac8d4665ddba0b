"""Puts a session's page together from its features, so that no template has to fetch anything."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import AbstractUser
from django.utils import timezone

from pingadmin import upstream
from pingadmin.oversight.models import TeamEntry
from pingadmin.oversight.team.assignment import assignable_people
from pingadmin.oversight.team.panel import SessionTeam, load_team
from pingadmin.remote_sessions.conversation.waiting import judge_task
from pingadmin.remote_sessions.display.card import SessionCard, build_card
from pingadmin.remote_sessions.history.state_run import find_state_start
from pingadmin.remote_sessions.history.timeline import (
    TimelineItem,
    build_timeline,
    load_audit_items,
)
from pingadmin.remote_sessions.lookup.look_up import LookUpResult
from pingadmin.remote_sessions.models import AgentTask, RemoteSession, StatusSnapshot
from pingadmin.resumes.answering.panel import AnswerPanel, build_answer_panel
from pingadmin.resumes.forms import ResolveForm
from pingadmin.resumes.models import Attempt
from pingadmin.resumes.panel import ResumePanel, build_panel

SNAPSHOTS = 25
SAME_ID_ELSEWHERE = 5
# What of the timeline is open from the start; the rest unfolds.
OPEN_TIMELINE_ITEMS = 12


@dataclass(frozen=True)
class RefusedResolution:
    """A refused form to resolve an unknown outcome: of which attempt, and what was typed."""

    attempt_id: UUID
    form: ResolveForm


@dataclass(frozen=True)
class TeamEntryItem:
    """What the team wrote or did, as one line of the timeline."""

    entry: TeamEntry

    @property
    def at(self) -> datetime:
        return self.entry.at

    @property
    def tone(self) -> str:
        """The name of its colour."""
        return "accent" if self.entry.text else "idle"


@dataclass(frozen=True)
class SessionPage:
    """Everything that one person's page of a session shows.

    state_since: since when every answer has had the present state. paused_by: who paused the
    session in this panel; "" where that is not known. assignable_people: empty for people who may
    not take part. latest: what happened last, besides the present state. timeline: newest first;
    some entries older than hidden_before are left out for their number. same_id_elsewhere: what
    other accounts say of this id. has_conversation: what an agent asks and did can be read, whoever
    asks for it. looked: what "Look again" has just found. looks_on_load: the page looks again when
    it opens, if the state is old. focuses_outcome: the keyboard's focus goes to the outcome of an
    action. answer_panel: None where nobody is there to be answered, or this person may not.
    is_agent_waiting: whether its agent waited for an answer when it was last asked.
    """

    session: RemoteSession
    card: SessionCard
    state_since: datetime | None
    paused_by: str
    resume_panel: ResumePanel
    team: SessionTeam
    assignable_people: list[AbstractUser]
    latest: TimelineItem | TeamEntryItem | None
    timeline: list[TimelineItem | TeamEntryItem]
    hidden_before: datetime | None
    snapshots: list[StatusSnapshot]
    same_id_elsewhere: list[SessionCard]
    has_conversation: bool = False
    looked: LookUpResult | None = None
    looks_on_load: bool = False
    focuses_outcome: bool = False
    answer_panel: AnswerPanel | None = None
    is_agent_waiting: bool = False
    refused_resolution: RefusedResolution | None = None

    @property
    def open_timeline(self) -> list[TimelineItem | TeamEntryItem]:
        return self.timeline[:OPEN_TIMELINE_ITEMS]

    @property
    def folded_timeline(self) -> list[TimelineItem | TeamEntryItem]:
        return self.timeline[OPEN_TIMELINE_ITEMS:]


@dataclass(frozen=True)
class PageUpdate:
    """What an open page replaces by itself.

    latest: what people did last, None where they did nothing. resume_panel, answer_panel: None
    where they stay as they are.
    """

    session: RemoteSession
    card: SessionCard
    state_since: datetime | None
    paused_by: str
    latest: TimelineItem | TeamEntryItem | None
    team: SessionTeam
    resume_panel: ResumePanel | None
    answer_panel: AnswerPanel | None


def build_page(
    session: RemoteSession,
    person: AbstractUser,
    *,
    resume_panel: ResumePanel | None = None,
    team: SessionTeam | None = None,
) -> SessionPage:
    """The page for a person. The number of queries does not depend on how much is known.

    resume_panel, team: the panels with what was typed and why it was refused; by default those of a
    fresh page. A session that was never stored has a page too, for an action that was refused.
    """
    resume_panel = resume_panel or build_panel(session, person)
    snapshots = _newest_snapshots(session)
    items, hidden_before = build_timeline(session, snapshots)
    team = team or load_team(session, person)
    timeline: list[TimelineItem | TeamEntryItem] = [*items, *map(TeamEntryItem, team.entries)]
    timeline.sort(key=lambda item: item.at, reverse=True)
    card = build_card(session)
    return SessionPage(
        session=session,
        card=card,
        state_since=find_state_start(session),
        paused_by=_paused_by(session),
        resume_panel=resume_panel,
        team=team,
        assignable_people=list(assignable_people()) if team.may_take_part else [],
        latest=_find_latest(timeline),
        timeline=timeline,
        hidden_before=hidden_before,
        snapshots=snapshots,
        same_id_elsewhere=_same_id_elsewhere(session),
        has_conversation=session.pk is not None and upstream.can_converse(session.alias),
        answer_panel=build_answer_panel(session, person, resume_panel),
        is_agent_waiting=_is_agent_waiting(session, card),
    )


def _is_agent_waiting(session: RemoteSession, card: SessionCard) -> bool:
    if session.pk is None or not upstream.can_converse(session.alias):
        return False
    task = AgentTask.objects.filter(session=session).first()
    return judge_task(session, task, paused=card.paused, now=timezone.now()).is_waiting


def build_update(
    session: RemoteSession, team: SessionTeam, person: AbstractUser, *, shown_panel: str
) -> PageUpdate:
    """What an open page replaces. shown_panel: the version of the resume panel that it shows."""
    panel = build_panel(session, person)
    is_changed = panel.state_version != shown_panel
    acts, _ = load_audit_items(session)
    actions: list[TimelineItem | TeamEntryItem] = [*acts, *map(TeamEntryItem, team.entries)]
    return PageUpdate(
        session=session,
        card=build_card(session),
        state_since=find_state_start(session),
        paused_by=_paused_by(session),
        latest=max(actions, key=lambda item: item.at, default=None),
        team=team,
        resume_panel=panel if is_changed else None,
        answer_panel=build_answer_panel(session, person, panel) if is_changed else None,
    )


def _find_latest(
    timeline: list[TimelineItem | TeamEntryItem],
) -> TimelineItem | TeamEntryItem | None:
    """What people did last, or else what was observed before the present state."""
    state = None
    for item in timeline:
        if isinstance(item, TeamEntryItem) or item.audit_entry:
            return item
        if not (item.is_failure or item.is_gap):
            state = state or item.text
            if item.text != state:
                return item
    return None


def _newest_snapshots(session: RemoteSession) -> list[StatusSnapshot]:
    if session.pk is None:
        return []
    return list(session.snapshots.newest_first()[:SNAPSHOTS])


def _same_id_elsewhere(session: RemoteSession) -> list[SessionCard]:
    others = RemoteSession.objects.filter(session_id=session.session_id).exclude(pk=session.pk)
    return [build_card(other) for other in others.order_by("alias")[:SAME_ID_ELSEWHERE]]


def _paused_by(session: RemoteSession) -> str:
    attempt = Attempt.objects.pause_behind_report(session)
    return attempt.actor_name if attempt else ""
