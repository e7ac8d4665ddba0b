"""The sessions that a fresh simulator holds: fixed ids, so that documents and tests can name them.
Data only.

Times are seconds before (`_ago`, `_for`) or after (`_in`) the simulator's start. `cycle` is
(connected, away): a session with one comes and goes for as long as the simulator runs. Some names
are hostile on purpose.
"""

from typing import Any

PING_KEY = "demo-ping-key"
AGI_KEY = "demo-agi-key"

PING_CONNECTED = "ses_4f1c9a20b7"
PING_CONNECTED_LONG = "ses_0a77e3d915"
PING_COMES_AND_GOES = "ses_b3d40f8e62"
PING_CREATED = "ses_91c2fe6ad0"
PING_CONNECTS_SOON = "ses_5e80b1c4f3"
PING_PAUSED = "ses_7d2a6f01ce"
PING_PAUSED_TOO = "ses_c8f5930b4a"
PING_PAUSED_MARKUP = "ses_e61b07d29f"
PING_ENDED = "ses_2b9ec4a758"
PING_NOT_REUSABLE = "ses_f0463d8b1e"
PING_BIDI = "ses_6a3de90c75"
PING_FORMULA = "ses_d5172ba8f4"
PING_UNKNOWN = "ses_0000000000"

PING_SESSIONS: tuple[dict[str, Any], ...] = (
    {"session_id": PING_CONNECTED, "client_id": "acme-frankfurt-014", "connected_for": 4320},
    {
        "session_id": PING_CONNECTED_LONG,
        "client_id": "globex-retail-221",
        "zone": "nl-ams",
        "connected_for": 612_000,
    },
    {
        "session_id": PING_COMES_AND_GOES,
        "client_id": "initech-van-7",
        "connected_for": 40,
        "cycle": (90, 30),
    },
    {
        "session_id": PING_CREATED,
        "client_id": "umbrella-lab-3",
        "zone": "us-nyc",
        "created_ago": 300,
    },
    {
        "session_id": PING_CONNECTS_SOON,
        "client_id": "hooli-kiosk-88",
        "created_ago": 20,
        "connects_in": 45,
    },
    {
        "session_id": PING_PAUSED,
        "client_id": "acme-frankfurt-022",
        "connected_for": 5400,
        "paused_ago": 900,
        "paused": True,
    },
    {
        "session_id": PING_PAUSED_TOO,
        "client_id": "stark-field-5",
        "connected_for": 7200,
        "paused_ago": 120,
        "paused": True,
    },
    {
        "session_id": PING_PAUSED_MARKUP,
        "client_id": "<script>alert(1)</script>",
        "connected_for": 2400,
        "paused_ago": 60,
        "paused": True,
    },
    {
        "session_id": PING_ENDED,
        "client_id": "wayne-tower-1",
        "connected_for": 9000,
        "ended_ago": 1800,
    },
    {
        "session_id": PING_NOT_REUSABLE,
        "client_id": "oscorp-once-9",
        "reusable": False,
        "connected_for": 600,
    },
    {"session_id": PING_BIDI, "client_id": "client-\u202e4102-liam\u202c", "connected_for": 1500},
    {
        "session_id": PING_FORMULA,
        "client_id": "=cmd|'/c calc'!A0",
        "zone": "nl-ams",
        "connected_for": 33,
    },
)

AGI_RUNNING = "6f9b2c1e-4d83-4a57-9e10-2b7c5d8f3a61"
AGI_PAUSED = "0c5d7e92-18ab-4f36-b2c4-91d3e6a7f508"
AGI_PAUSED_TOO = "b41e8f07-63d9-4c2a-8f75-0a9c3e5d7b12"
AGI_COMPLETED = "e27a90c4-5b1f-4d68-a3e9-7c6f1d2b8054"
AGI_ERROR = "93d6b5f8-2e7c-4a01-9b48-f5c0a1e3d726"
AGI_STARTING = "5a18c3e7-d94f-4b62-8c0d-e3f7296b1a45"
AGI_TERMINATED = "d80f47a2-9c35-4e1b-b6d7-48a2c5e90f13"
AGI_MARKUP = "27c4e1b9-f05a-4836-9d2e-6b8f3a7c0d51"
AGI_UNKNOWN = "00000000-0000-4000-8000-000000000000"

AGI_SESSIONS: tuple[dict[str, Any], ...] = (
    {"session_id": AGI_RUNNING, "agent_name": "agi-0", "status": "running", "created_ago": 1260},
    {"session_id": AGI_PAUSED, "agent_name": "agi-0", "status": "paused", "created_ago": 3000},
    {
        "session_id": AGI_PAUSED_TOO,
        "agent_name": "agi-0-fast",
        "status": "paused",
        "created_ago": 640,
    },
    {
        "session_id": AGI_COMPLETED,
        "agent_name": "agi-0",
        "status": "completed",
        "created_ago": 86_000,
    },
    {"session_id": AGI_ERROR, "agent_name": "agi-0-fast", "status": "error", "created_ago": 5200},
    {"session_id": AGI_STARTING, "agent_name": "agi-0", "status": "initializing", "created_ago": 3},
    {
        "session_id": AGI_TERMINATED,
        "agent_name": "agi-0",
        "status": "terminated",
        "created_ago": 20_000,
    },
    {
        "session_id": AGI_MARKUP,
        "agent_name": '"><img src=x onerror=alert(1)>\u202egpj.exe',
        "status": "paused",
        "created_ago": 410,
    },
)

_HOSTILE = {PING_PAUSED_MARKUP, PING_BIDI, PING_FORMULA, AGI_MARKUP}
HOSTILE_PING_SESSIONS = tuple(each for each in PING_SESSIONS if each["session_id"] in _HOSTILE)
HOSTILE_AGI_SESSIONS = tuple(each for each in AGI_SESSIONS if each["session_id"] in _HOSTILE)

ZONES: tuple[dict[str, Any], ...] = (
    {"name": "Frankfurt", "code": "de-fra", "active_nodes": 14},
    {"name": "Amsterdam", "code": "nl-ams", "active_nodes": 9},
    {"name": "New York", "code": "us-nyc", "active_nodes": 0},
)
