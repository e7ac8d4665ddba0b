from django.http import QueryDict

from pingadmin.audit.log.filters import AuditFilter


def matching_heads(query: str) -> list[int]:
    """The numbers of the entries that a valid filter of the log finds, oldest first."""
    audit_filter = AuditFilter(QueryDict(query))
    assert audit_filter.is_valid(), audit_filter.errors
    return sorted(audit_filter.heads().values_list("seq", flat=True))
