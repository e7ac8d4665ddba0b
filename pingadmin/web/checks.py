"""Deploy checks of our own: what Django cannot know must be so in production."""

from django.conf import settings
from django.core.checks import Error, Warning, register

LOOSE = {"'unsafe-inline'", "'unsafe-eval'", "*", "data:", "http:", "https:"}


@register(deploy=True)
def debug_is_off(app_configs, **kwargs):
    if not settings.DEBUG:
        return []
    hint = "Unset DEBUG: with it, keys may be samples and pages show the inside of the panel."
    return [Error("DEBUG is on.", hint=hint, id="pingadmin.E001")]


@register(deploy=True)
def audit_key_is_its_own(app_configs, **kwargs):
    key = settings.AUDIT_KEY.reveal()
    if len(key) >= 50 and not key.startswith("debug-only-") and key != settings.SECRET_KEY:
        return []
    hint = "Set AUDIT_KEY to random characters of its own, at least 50."
    return [
        Error(
            "AUDIT_KEY is a sample, too short, or SECRET_KEY again.", hint=hint, id="pingadmin.E002"
        )
    ]


@register(deploy=True)
def content_policy_is_strict(app_configs, **kwargs):
    directives = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    loose = sorted(name for name, sources in directives.items() if LOOSE & set(sources))
    if not loose and directives.get("default-src") == ["'none'"]:
        return []
    hint = "Begin with default-src 'none' and allow only 'self'."
    problem = f"CONTENT_SECURITY_POLICY is loose: {', '.join(loose) or 'default-src'}."
    return [Error(problem, hint=hint, id="pingadmin.E003")]


@register(deploy=True)
def https_is_required(app_configs, **kwargs):
    if not getattr(settings, "ALLOW_HTTP", False):
        return []
    hint = (
        "Unset it where anybody but you uses the panel: passwords and cookies travel in the clear."
    )
    return [Warning("ALLOW_HTTP is on.", hint=hint, id="pingadmin.W001")]
