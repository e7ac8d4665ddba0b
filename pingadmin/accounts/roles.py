"""Who may do what: one table. `manage.py sync_roles` writes it into the database.

A person has exactly one role, so support and auditor exclude each other. What is not listed is denied.
"""

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
