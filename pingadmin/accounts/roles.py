"""Who may do what: one table. `manage.py sync_roles` writes it into the database.

A person has exactly one role, so support and auditor exclude each other. What is not listed is
denied. Pausing is listed nowhere: PAUSE_ROLES gives it to roles that may resume, so that who pauses
can also bring back.
"""

from django.conf import settings

VIEWER, SUPPORT, AUDITOR, ADMIN = "viewer", "support", "auditor", "admin"

_LOOK = {"remote_sessions.look_up"}

ROLES = {
    VIEWER: _LOOK,
    SUPPORT: _LOOK | {"resumes.resume", "oversight.take_part", "audit.read"},
    AUDITOR: _LOOK | {"audit.read", "audit.review", "audit.export"},
    ADMIN: {
        "audit.read",
        "accounts.view_user",
        "accounts.add_user",
        "accounts.change_user",
    },
}

MAY_RESUME = [role for role, names in ROLES.items() if "resumes.resume" in names]


def permission_table() -> dict[str, set[str]]:
    """role -> permissions, with what this installation's settings add."""
    pause = {"resumes.pause"}
    return {
        role: names | pause if role in settings.PAUSE_ROLES else names
        for role, names in ROLES.items()
    }
