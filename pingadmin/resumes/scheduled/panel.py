"""What the resume panel shows of a scheduled resume: one that waits, how one ended, the fields."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import AbstractUser
from django.utils import timezone

from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.resumes.models import ScheduledResume
from pingadmin.resumes.scheduled import sender_status
from pingadmin.resumes.scheduled.forms import ScheduleForm

_SHOW_END_FOR = timedelta(hours=1)


@dataclass(frozen=True)
class SchedulePanel:
    """newest: the session's newest scheduled resume, whatever became of it.

    pending: it, where it waits. ended: it, where it ended lately without an attempt. form: the
    fields, with what was typed. is_expanded: whether they were submitted and not accepted.
    is_sender_running: whether anything would send it now; True where nobody is to be shown that.
    """

    newest: ScheduledResume | None
    pending: ScheduledResume | None
    ended: ScheduledResume | None
    form: ScheduleForm
    is_expanded: bool
    is_sender_running: bool

    @property
    def version(self) -> tuple[object, ...]:
        """Changes with everything that an open page has to show of it."""
        facts = (self.newest.pk, self.newest.state) if self.newest else ()
        return (*facts, self.is_sender_running)

    def own_version(self, person: AbstractUser) -> str:
        """Changes when this person schedules: their form starts afresh then. "" for never."""
        is_own = self.newest is not None and self.newest.actor_id == str(person.pk)
        return f"-{self.newest.pk.hex[:8]}" if self.newest and is_own else ""


def build_schedule_panel(
    session: RemoteSession, person: AbstractUser, typed: ScheduleForm | None = None
) -> SchedulePanel:
    """The panel for a person, in two queries. typed: the fields that were not accepted."""
    newest = _find_newest(session)
    is_shown = person.has_perm("resumes.resume") or (newest is not None and newest.is_pending)
    return SchedulePanel(
        newest=newest,
        pending=newest if newest and newest.is_pending else None,
        ended=newest if newest and _is_worth_showing(newest, timezone.now()) else None,
        form=typed or ScheduleForm(),
        is_expanded=typed is not None,
        is_sender_running=not is_shown or sender_status.is_running(),
    )


def _find_newest(session: RemoteSession) -> ScheduledResume | None:
    # One that is pending is the newest: until it ends, no other can be made.
    if session.pk is None:
        return None
    return ScheduledResume.objects.filter(session=session).newest_first().first()


def _is_worth_showing(scheduled: ScheduledResume, now: datetime) -> bool:
    # What became an attempt is told by the attempt.
    if scheduled.attempt_id or scheduled.ended_at is None:
        return False
    return now - scheduled.ended_at < _SHOW_END_FOR
