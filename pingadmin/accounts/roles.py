"""Who may do what: one table. `manage.py sync_roles` writes it into the database.

A person has exactly one role, so support and auditor exclude each other. What is not listed is
denied. Pausing and cancelling are listed nowhere: PAUSE_ROLES and CANCEL_ROLES give them to roles
that may resume, so that who pauses can also bring back. ANSWER_ROLES may take answering away.
"""

from django.conf import settings

VIEWER, SUPPORT, AUDITOR, ADMIN = "viewer", "support", "auditor", "admin"

_LOOK = {"remote_sessions.look_up"}

ROLES = {
    VIEWER: _LOOK,
    SUPPORT: _LOOK | {"resumes.resume", "resumes.answer", "oversight.take_part", "audit.read"},
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
    named = {
        "resumes.pause": settings.PAUSE_ROLES,
        "resumes.answer": settings.ANSWER_ROLES,
        "resumes.cancel": settings.CANCEL_ROLES,
    }
    return {
        role: (names - set(named)) | {name for name, holders in named.items() if role in holders}
        for role, names in ROLES.items()
    }
