"""One factory for every model. A test names only the values that it is about.

session = RemoteSessionFactory(state="paused")
AttemptFactory(session=session, result="unknown")
"""

import uuid
from datetime import timedelta

import factory
from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone

from pingadmin.accounts.roles import ADMIN, ROLES
from pingadmin.audit.record import trail
from pingadmin.audit.record.actors import Actor
from tests.support.people import PASSWORD

ANA = Actor(
    kind="person",
    id="700001",
    name="ana",
    role="support",
    source_address="192.0.2.7",
    request_id="req-1",
)


def from_now(**span: float) -> factory.LazyFunction:
    """The time when the row is made, moved by a timedelta's arguments."""
    return factory.LazyFunction(lambda: timezone.now() + timedelta(**span))


class UserFactory(factory.django.DjangoModelFactory):
    """Somebody with an account; `role` names the one role, and nobody has one unless told."""

    class Meta:
        model = "accounts.User"
        django_get_or_create = ["username"]
        skip_postgeneration_save = True

    username = factory.Sequence(lambda number: f"person{number}")
    password = factory.django.Password(PASSWORD)
    is_staff = factory.LazyAttribute(lambda person: person.role_name == ADMIN)

    class Params:
        role_name = ""

    @factory.post_generation
    def role(self, create, extracted, **kwargs):
        if create and extracted:
            self.groups.set([Group.objects.get(name=extracted)])
            self.__dict__.pop("role", None)


def person(username: str, role: str):
    """A person of that name and role."""
    assert role in ROLES
    return UserFactory(username=username, role=role, role_name=role)


class RemoteSessionFactory(factory.django.DjangoModelFactory):
    """A session that a look-up found connected five seconds ago."""

    class Meta:
        model = "remote_sessions.RemoteSession"

    alias = "ping"
    session_id = factory.Sequence(lambda number: f"ses_{number + 1:010x}")
    state = "connected"
    client_name = "client-1"
    source = "look-up"
    first_seen_at = from_now(seconds=-5)
    last_seen_at = factory.SelfAttribute("first_seen_at")
    changed_at = factory.SelfAttribute("last_seen_at")


class UnseenSessionFactory(RemoteSessionFactory):
    """A session of which nothing is known yet but its account and its id."""

    state = ""
    client_name = ""
    source = ""
    first_seen_at = None
    changed_at = from_now()


class StatusSnapshotFactory(factory.django.DjangoModelFactory):
    """One answer of a look-up, five seconds ago. Pass `last_at` for a run of equal answers."""

    class Meta:
        model = "remote_sessions.StatusSnapshot"

    session = factory.SubFactory(RemoteSessionFactory)
    first_at = from_now(seconds=-5)
    source = "look-up"
    state = "connected"


class WatchSpanFactory(factory.django.DjangoModelFactory):
    """An account that was watched for the last hour, and still is."""

    class Meta:
        model = "remote_sessions.WatchSpan"

    alias = "ping"
    from_at = from_now(hours=-1)
    until_at = from_now()


class AgentTaskFactory(factory.django.DjangoModelFactory):
    """An agent's task that was read five seconds ago. Pass `waiting_since` for one that waits."""

    class Meta:
        model = "remote_sessions.AgentTask"

    session = factory.SubFactory(
        RemoteSessionFactory,
        alias="agi",
        session_id=factory.LazyFunction(lambda: str(uuid.uuid4())),
        state="running",
    )
    execution_state = factory.LazyAttribute(
        lambda task: "waiting_for_input" if task.waiting_since else "running"
    )
    waiting_since = None
    answered_at = from_now(seconds=-5)


class LookUpCountFactory(factory.django.DjangoModelFactory):
    """A person's first look-up in the current minute."""

    class Meta:
        model = "remote_sessions.LookUpCount"

    person_id = factory.Sequence(lambda number: str(number + 1))
    seconds = 60
    window = factory.LazyAttribute(lambda count: int(timezone.now().timestamp()) // count.seconds)
    count = 1


class AttemptFactory(factory.django.DjangoModelFactory):
    """A resume under way, opened nine seconds ago. With a `result` it is closed."""

    class Meta:
        model = "resumes.Attempt"

    session = factory.SubFactory(RemoteSessionFactory)
    token = factory.LazyFunction(uuid.uuid4)
    actor_id = ANA.id
    actor_name = ANA.name
    reason = "Customer approved"
    opened_at = from_now(seconds=-9)
    lease_until = from_now(seconds=60)
    intent_seq = factory.Sequence(lambda number: number + 1)
    result = ""
    is_open = factory.LazyAttribute(lambda attempt: not attempt.result)
    closed_at = factory.LazyAttribute(
        lambda attempt: None if attempt.is_open else attempt.opened_at + timedelta(seconds=1)
    )


class BulkResumeFactory(factory.django.DjangoModelFactory):
    """A bulk resume under way, begun nine seconds ago, without items."""

    class Meta:
        model = "resumes.BulkResume"

    token = factory.LazyFunction(uuid.uuid4)
    actor_id = ANA.id
    actor_name = ANA.name
    reason = "Customer approved"
    begun_at = from_now(seconds=-9)
    lease_until = from_now(seconds=60)


class BulkItemFactory(factory.django.DjangoModelFactory):
    """One session of a bulk resume, of which nothing was sent yet."""

    class Meta:
        model = "resumes.BulkItem"

    bulk = factory.SubFactory(BulkResumeFactory)
    position = factory.Sequence(lambda number: number)
    alias = "ping"
    session_id = factory.Sequence(lambda number: f"ses_{number + 1:010x}")
    token = factory.LazyFunction(uuid.uuid4)


class ScheduledResumeFactory(factory.django.DjangoModelFactory):
    """A resume that was scheduled nine seconds ago, for in ten minutes."""

    class Meta:
        model = "resumes.ScheduledResume"

    token = factory.LazyFunction(uuid.uuid4)
    session = factory.SubFactory(RemoteSessionFactory)
    actor_id = ANA.id
    actor_name = ANA.name
    reason = "Rate limit passed"
    scheduled_at = from_now(seconds=-9)
    due_at = from_now(minutes=10)
    event_seq = factory.Sequence(lambda number: number + 1)


class TeamStateFactory(factory.django.DjangoModelFactory):
    """A session that the team watches, assigned to nobody."""

    class Meta:
        model = "oversight.TeamState"

    session = factory.SubFactory(RemoteSessionFactory)
    watched_since = from_now(seconds=-9)
    watched_by_name = ANA.name


class TeamEntryFactory(factory.django.DjangoModelFactory):
    """A note about a session."""

    class Meta:
        model = "oversight.TeamEntry"

    session = factory.SubFactory(RemoteSessionFactory)
    at = from_now()
    kind = "note"
    by_id = ANA.id
    by_name = ANA.name
    text = "Called the customer."


class ClientNoteFactory(factory.django.DjangoModelFactory):
    """A note on a client."""

    class Meta:
        model = "oversight.ClientNote"

    alias = "ping"
    client_name = "client-1"
    at = from_now()
    by_id = ANA.id
    by_name = ANA.name
    text = "Pays by invoice."


class PresenceFactory(factory.django.DjangoModelFactory):
    """Somebody who has a session's page open."""

    class Meta:
        model = "oversight.Presence"

    session = factory.SubFactory(RemoteSessionFactory)
    person = factory.SubFactory(UserFactory)
    since = from_now()
    lease_until = from_now(seconds=60)


class SavedViewFactory(factory.django.DjangoModelFactory):
    """A view of the board that the team keeps under a name."""

    class Meta:
        model = "oversight.SavedView"

    name = factory.Sequence(lambda number: f"View {number + 1}")
    query = "view=watched"
    saved_by_id = ANA.id
    saved_by_name = ANA.name
    saved_at = from_now()


class HeartbeatFactory(factory.django.DjangoModelFactory):
    """A collector that has run for an hour, and runs."""

    class Meta:
        model = "collector.Heartbeat"

    started_at = from_now(hours=-1)
    beat_at = from_now()
    host = "box"
    process = 1


class FeedStatusFactory(factory.django.DjangoModelFactory):
    """An account whose event stream has been received for an hour."""

    class Meta:
        model = "collector.FeedStatus"

    alias = "ping"
    kind = "stream"
    up_since = from_now(hours=-1)
    received_at = from_now()


class PruningFactory(factory.django.DjangoModelFactory):
    """A pass over the history that has just begun."""

    class Meta:
        model = "collector.Pruning"

    begun_at = from_now()
    thin_before = from_now(days=-7)


class NotificationFactory(factory.django.DjangoModelFactory):
    """A message about an unknown outcome that waits for its first try."""

    class Meta:
        model = "notifications.Notification"

    event_seq = factory.Sequence(lambda number: number + 1)
    reason = "unknown"
    alias = "ping"
    made_at = from_now()
    next_try_at = factory.SelfAttribute("made_at")


class ReadUpToFactory(factory.django.DjangoModelFactory):
    """How far the audit log was read for messages."""

    class Meta:
        model = "notifications.ReadUpTo"

    seq = 0


class CacheEntryFactory(factory.django.DjangoModelFactory):
    """A count of failed sign-ins, good for five more minutes."""

    class Meta:
        model = "accounts.CacheEntry"

    key = factory.Sequence("login_failed:{}".format)
    value = "1"
    expires_at = from_now(minutes=5)


class KeptCheckpointFactory(factory.django.DjangoModelFactory):
    """A checkpoint's line that nobody signed: the verifier refuses it."""

    class Meta:
        model = "audit.KeptCheckpoint"

    line = '{"seq": 1}'


class VerificationRunFactory(factory.django.DjangoModelFactory):
    """A verification of the log that has just begun, sealed as the panel does it."""

    class Meta:
        model = "audit.VerificationRun"

    started_at = from_now()
    started_by = ANA.name
    last_hash = "0" * 64

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        from pingadmin.audit.integrity import run_seal

        run = model_class(*args, **kwargs)
        run_seal.seal(run)
        run.save()
        return run


class AuditEventFactory(factory.django.DjangoModelFactory):
    """An event at the end of the chain, through the trail: there is no other way to make one."""

    class Meta:
        model = "audit.AuditEvent"

    action = "resume"
    phase = "intent"
    by = ANA

    @classmethod
    def _create(cls, model_class, *args, **facts):
        with transaction.atomic():
            return trail.append(**facts)
