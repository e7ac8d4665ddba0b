"""What the audit log shows for people: signing in and out, roles, second factors and refusals."""

from pingadmin.audit.actions import AuditAction
from pingadmin.audit.entries.stored_json import read_detail
from pingadmin.audit.models import AuditEvent


def _person(event: AuditEvent) -> str:
    return str(read_detail(event).get("person", ""))


def _name_that_was_typed(event: AuditEvent) -> str:
    return str(read_detail(event).get("name", ""))


def _refused_address(event: AuditEvent) -> str:
    return str(read_detail(event).get("address", ""))


ACTIONS = [
    AuditAction("sign_in", "Signed in"),
    AuditAction("sign_out", "Signed out"),
    AuditAction("sign_in_failed", "Sign-in failed", object_name=_name_that_was_typed),
    AuditAction("denied", "Access denied", object_name=_refused_address),
    AuditAction("person_added", "Person added", object_name=_person),
    AuditAction("person_changed", "Person changed", object_name=_person),
    AuditAction("role_set", "Role set", object_name=_person),
    AuditAction("roles_changed", "Role permissions changed"),
    AuditAction("password_changed", "Password changed", object_name=_person),
    AuditAction("second_factor_failed", "Second factor failed", object_name=_person),
    AuditAction("second_factor_added", "Second factor added", object_name=_person),
    AuditAction("second_factor_removed", "Second factor removed", object_name=_person),
]
