"""The people whom every furnished database holds, with their roles, and the password of each."""

PASSWORD = "pingadmin-demo"
PEOPLE = {
    "viewer": "viewer",
    "support": "support",
    "support2": "support",
    "auditor": "auditor",
    "admin": "admin",
}
