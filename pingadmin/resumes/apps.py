from django.apps import AppConfig


class ResumesConfig(AppConfig):
    name = "pingadmin.resumes"
    label = "resumes"

    def ready(self) -> None:
        from pingadmin.audit import actions
        from pingadmin.audit.integrity import references
        from pingadmin.resumes import attempts, audit_actions, readiness
        from pingadmin.web import probes

        actions.register(*audit_actions.ACTIONS, field_labels=audit_actions.FIELD_LABELS)
        references.HIGHEST_REFERENCES["a resume or pause"] = attempts.highest_intent_seq
        references.HIGHEST_REFERENCES["a scheduled resume"] = attempts.highest_schedule_seq
        probes.READINESS_CHECKS.append(readiness.find_faults)
