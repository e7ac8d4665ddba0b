"""The sessions of the demo's morning: about forty, of a dozen customers. Data only.

As in cast.py, times are seconds before the morning begins, and `cycle` is (connected, away).
"""

import hashlib
import uuid
from typing import Any

from pingadmin.demo import cast

# Paused again and again by its customer's own system, once the morning is over.
RESTLESS_PING = ("initech-van-9", "initech-van-12")
RESTLESS_AGI = "night-shift-agent"
RESTLESS_SECONDS = 150


def ping_id(client_id: str) -> str:
    """The id of a client's Ping session: the one that cast.py gives it, or one made of its name."""
    known = {spec["client_id"]: spec["session_id"] for spec in cast.PING_SESSIONS}
    return known.get(client_id) or f"ses_{hashlib.sha256(client_id.encode()).hexdigest()[:10]}"


def agi_id(name: str) -> str:
    """The id of an agent session, made of a name that only the demo uses."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"pingadmin demo {name}"))


def _ping(client_id: str, **spec: Any) -> dict[str, Any]:
    return {"session_id": ping_id(client_id), "client_id": client_id, **spec}


def _agi(session_id: str, agent_name: str, **spec: Any) -> dict[str, Any]:
    return {"session_id": session_id, "agent_name": agent_name, **spec}


PING_SESSIONS: tuple[dict[str, Any], ...] = (
    _ping("acme-frankfurt-014", connected_for=5_000),
    _ping("acme-frankfurt-022", connected_for=40_000),
    _ping("acme-frankfurt-031", connected_for=9_000),
    _ping("acme-berlin-002", connected_for=70_000),
    _ping("globex-retail-221", zone="nl-ams", connected_for=590_000),
    _ping("globex-retail-207", zone="nl-ams", connected_for=86_000),
    _ping("globex-retail-198", zone="nl-ams", connected_for=600, cycle=(2_400, 300)),
    _ping("globex-hq-1", zone="nl-ams", connected_for=200_000),
    _ping("initech-van-7", connected_for=1_500),
    _ping("initech-van-9", connected_for=3_000),
    _ping("initech-van-12", connected_for=800),
    _ping("umbrella-lab-1", zone="us-nyc", connected_for=100, cycle=(5_400, 900)),
    _ping("umbrella-lab-2", zone="us-nyc", connected_for=31_000),
    _ping("umbrella-lab-3", zone="us-nyc", created_ago=300),
    _ping("hooli-kiosk-88", connects_in=3_000),
    _ping("hooli-kiosk-91", connected_for=7_000),
    _ping("hooli-kiosk-93", connected_for=60, cycle=(1_200, 120)),
    _ping("stark-field-1", connected_for=12_000),
    _ping("stark-field-2", connected_for=11_500),
    _ping("stark-field-3", connected_for=12_400),
    _ping("stark-field-4", connected_for=9_900),
    _ping("stark-field-5", connected_for=14_000),
    _ping("wayne-tower-1", connected_for=9_000),
    _ping("wayne-tower-2", connected_for=150_000),
    _ping("oscorp-once-9", reusable=False, connected_for=600),
    _ping("soylent-depot-4", connected_for=44_000),
    _ping("tyrell-hq-1", zone="nl-ams", connected_for=300_000),
    _ping("tyrell-hq-2", zone="nl-ams", connected_for=2_000, cycle=(3_600, 60)),
    _ping("cyberdyne-lab-1", zone="us-nyc", connected_for=21_000),
    _ping("aperture-test-7", connected_for=18_000),
)

AGI_SESSIONS: tuple[dict[str, Any], ...] = (
    _agi(cast.AGI_RUNNING, "billing-agent", created_ago=1_260),
    _agi(cast.AGI_PAUSED, "onboarding-agent", created_ago=3_000),
    _agi(cast.AGI_PAUSED_TOO, "refund-agent", created_ago=640),
    _agi(cast.AGI_COMPLETED, "billing-agent", status="completed", created_ago=86_000),
    _agi(cast.AGI_ERROR, "research-agent", status="error", created_ago=5_200),
    _agi(cast.AGI_TERMINATED, "research-agent", status="terminated", created_ago=20_000),
    _agi(agi_id("claims"), "claims-agent", created_ago=9_000),
    _agi(agi_id("travel"), "travel-agent", created_ago=400),
    _agi(agi_id("night shift"), RESTLESS_AGI, created_ago=14_000),
    _agi(agi_id("report"), "report-agent", status="completed", created_ago=30_000),
)
QUESTION_ID, CLAIMS_ID = cast.AGI_PAUSED_TOO, agi_id("claims")
RESTLESS_AGI_ID = agi_id("night shift")
