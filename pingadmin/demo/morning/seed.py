"""Fills a fresh demo: the people, and their morning in the panel."""

import contextlib
import secrets
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher

from pingadmin.accounts.models import User
from pingadmin.accounts.people import add_user
from pingadmin.audit.record.actors import Actor
from pingadmin.demo import cast
from pingadmin.demo.morning import customers, script
from pingadmin.demo.morning.clock import MorningClock
from pingadmin.demo.morning.stage import ObservedWorld, Stage
from pingadmin.demo.simulator.server import Simulator

LENGTH = timedelta(hours=6)


def seed_morning(
    accounts: Mapping[str, str], password: str, world_file: Path, *, is_hostile: bool
) -> None:
    """Let the morning happen in an empty database, and save the simulated world at its end.

    accounts: user name -> role, of those who can sign in with the password. is_hostile: with names
    that are attacks. The upstreams' addresses must be of this machine, and nobody listen there.
    """
    clock = MorningClock(LENGTH)
    world = ObservedWorld(clock)
    _fill(world, is_hostile=is_hostile)
    port = urlsplit(settings.UPSTREAMS["ping"]["BASE_URL"]).port
    assert port, "the demo's own environment names one"
    with clock.rules(), Simulator(port, world=world) as simulator, simulator.serving():
        stage = Stage(clock, simulator, world)
        stage.people = _add_people(accounts, password)
        script.perform(stage)
        _make_restless(world)
        world.save(world_file)


def _fill(world: ObservedWorld, *, is_hostile: bool) -> None:
    world.clear()
    for ping in customers.PING_SESSIONS:
        world.add_ping(**ping)
    for agi in customers.AGI_SESSIONS:
        world.add_agi(**agi)
    if is_hostile:
        for ping in cast.HOSTILE_PING_SESSIONS:
            world.add_ping(**ping)
        for agi in cast.HOSTILE_AGI_SESSIONS:
            world.add_agi(**agi)


def _add_people(accounts: Mapping[str, str], password: str) -> dict[str, User]:
    """Those who can sign in, and those who only did the morning's work."""
    by = Actor.system("add_user")
    with _cheap_hashes():
        people = {
            name: add_user(username=name, password=password, role=role, by=by)
            for name, role in accounts.items()
        }
        for name, role in script.PEOPLE.items():
            person = add_user(username=name, password=secrets.token_urlsafe(24), role=role, by=by)
            person.set_unusable_password()
            person.save(update_fields=["password"])
            people[name] = person
    return people


@contextlib.contextmanager
def _cheap_hashes() -> Iterator[None]:
    """Everybody knows the demo's password: costly hashes would only make the start slow."""
    usual = PBKDF2PasswordHasher.iterations
    PBKDF2PasswordHasher.iterations = 1
    try:
        yield
    finally:
        PBKDF2PasswordHasher.iterations = usual


def _make_restless(world: ObservedWorld) -> None:
    """From now on these are paused every few minutes, so that there is always something to do."""
    with world.now() as now:
        for client_id in customers.RESTLESS_PING:
            session = world.ping[customers.ping_id(client_id)]
            session.pauses_after = customers.RESTLESS_SECONDS
            session.plan = [(now + customers.RESTLESS_SECONDS, "pause")]
        world.agi[customers.RESTLESS_AGI_ID].pauses_after = customers.RESTLESS_SECONDS
