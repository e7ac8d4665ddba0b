"""What the audit log shows for people: signing in and out, roles, second factors and refusals."""

from pingadmin.audit.actions import AuditAction, sentence
from pingadmin.audit.entries.stored_json import read_detail
from pingadmin.audit.models import AuditEvent


def _person(event: AuditEvent) -> str:
    return str(read_detail(event).get("person", ""))


def _name_that_was_typed(event: AuditEvent) -> str:
    return str(read_detail(event).get("name", ""))


def _refused_address(event: AuditEvent) -> str:
    return str(read_detail(event).get("address", ""))


def _role_sentence(event: AuditEvent) -> str:
    role = read_detail(event).get("after")
    return f"gave {{object}} the role {role}" if role else "took the role of {object} away"


def _about_a_person(name: str, label: str, text: str) -> AuditAction:
    """text: as AuditAction.sentence, the person being the object."""
    return AuditAction(name, label, object_name=_person, sentence=sentence(text))


ACTIONS = [
    AuditAction("sign_in", "Signed in", sentence=sentence("signed in")),
    _about_a_person(
        "break_glass",
        "Emergency account used",
        "signed in with the password of the emergency account {object}",
    ),
    AuditAction("sign_out", "Signed out", sentence=sentence("signed out")),
    AuditAction(
        "sign_in_failed",
        "Sign-in failed",
        object_name=_name_that_was_typed,
        sentence=sentence("failed to sign in as {object}"),
    ),
    AuditAction(
        "denied",
        "Access denied",
        object_name=_refused_address,
        sentence=sentence("was refused {object}"),
    ),
    _about_a_person("person_added", "Person added", "added {object}"),
    _about_a_person("person_changed", "Person changed", "changed {object}"),
    AuditAction("role_set", "Role set", object_name=_person, sentence=_role_sentence),
    AuditAction(
        "roles_changed",
        "Role permissions changed",
        sentence=sentence("changed what roles may do"),
    ),
    _about_a_person("sign_ins_ended", "Sign-ins ended", "ended sign-ins of {object}"),
    _about_a_person("password_changed", "Password changed", "changed the password of {object}"),
    _about_a_person(
        "second_factor_failed", "Second factor failed", "failed at the second factor of {object}"
    ),
    _about_a_person(
        "second_factor_added", "Second factor added", "added a second factor to {object}"
    ),
    _about_a_person(
        "second_factor_removed", "Second factor removed", "removed a second factor of {object}"
    ),
    _about_a_person(
        "second_factor_reset", "Second factor reset", "took the lost second factor of {object} away"
    ),
]
