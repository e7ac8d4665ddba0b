import pytest

from pingadmin.audit.record.actors import Actor, ActorKind
from pingadmin.demo import cast
from tests.conftest import client_of
from tests.factories import UnseenSessionFactory

ADDRESS = f"/sessions/ping/{cast.PING_PAUSED}/"


@pytest.fixture
def session(db):
    """A session of which nothing is known yet."""
    return UnseenSessionFactory(session_id=cast.PING_PAUSED)


@pytest.fixture
def as_support2(support2):
    return client_of(support2)


def acting(user) -> Actor:
    """That person as an actor, without a request."""
    return Actor(kind=ActorKind.PERSON, id=str(user.pk), name=user.get_username(), role="support")
