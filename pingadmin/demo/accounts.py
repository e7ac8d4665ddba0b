"""Who can sign in to the demo. Data only: the password is public, on this machine alone."""

PASSWORD = "pingadmin-demo"  # noqa: S105
ACCOUNTS = {
    "viewer": "viewer",
    "support": "support",
    "support2": "support",
    "auditor": "auditor",
    "admin": "admin",
}
# What each of them is there for, in a few words.
PURPOSES = {
    "viewer": "sees sessions",
    "support": "resumes sessions, has a handover waiting",
    "support2": "a second person in support",
    "auditor": "reviews and verifies the audit log",
    "admin": "adds people",
}
