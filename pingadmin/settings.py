"""All settings, read from the environment. docs/operating.md explains each name."""

import re
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from pingadmin.accounts.roles import MAY_RESUME, ROLES
from pingadmin.config import environment, places, reports, upstream_accounts

# Where templates and static files are.
BASE_DIR = places.FILES

# --- What kind of process this is -----------------------------------------------------------------

DEBUG = environment.flag("DEBUG")
ALLOW_HTTP = environment.flag("ALLOW_HTTP")
HTTPS_ONLY = not (DEBUG or ALLOW_HTTP)

ALLOWED_HOSTS = environment.word_list("ALLOWED_HOSTS") or (
    ["localhost", "127.0.0.1", "[::1]"] if DEBUG else []
)
# The path below which a proxy has the panel; the proxy takes it away before it asks.
URL_PREFIX = environment.url_prefix("URL_PREFIX")
FORCE_SCRIPT_NAME = URL_PREFIX or None
CSRF_TRUSTED_ORIGINS = environment.origins("CSRF_TRUSTED_ORIGINS")
if not ALLOWED_HOSTS:
    raise ImproperlyConfigured(
        "ALLOWED_HOSTS is not set. Set it to the host names that people type, comma-separated."
    )
if "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured(
        "ALLOWED_HOSTS holds *. Name the hosts: links and logins rest on them."
    )
if ALLOW_HTTP and not all(environment.is_loopback(host) for host in ALLOWED_HOSTS):
    raise ImproperlyConfigured(
        "ALLOW_HTTP is for a try on this machine: every name in ALLOWED_HOSTS must be loopback."
    )

# `make demo` sets it. Its sign-in page offers accounts with a password that everybody knows.
DEMO = environment.flag("DEMO")
if DEMO and not (ALLOW_HTTP or DEBUG):
    raise ImproperlyConfigured("DEMO is for `make demo`, on this machine alone. Remove it.")

# --- Secrets --------------------------------------------------------------------------------------

_secret_key = environment.secret("SECRET_KEY", required=not DEBUG)
SECRET_KEY = _secret_key.reveal() or "debug-only-" + "k" * 40
AUDIT_KEY = environment.secret("AUDIT_KEY", required=not DEBUG)
if AUDIT_KEY and AUDIT_KEY.reveal() == SECRET_KEY:
    raise ImproperlyConfigured(
        "AUDIT_KEY equals SECRET_KEY. Make a second key: who holds one must not hold both."
    )
if not AUDIT_KEY:
    AUDIT_KEY = environment.Secret("debug-only-" + "a" * 40)
AUDIT_OLD_KEYS = [environment.Secret(key) for key in environment.word_list("AUDIT_OLD_KEYS")]
AUDIT_SIGNING_KEY = environment.signing_key("AUDIT_SIGNING_KEY")
AUDIT_OLD_PUBLIC_KEYS = environment.public_keys("AUDIT_OLD_PUBLIC_KEYS")

# --- Upstreams ------------------------------------------------------------------------------------
# A read may wait 5 s, since a person waits for it. A write may take 8 s: it is never repeated, so
# giving it up early only makes unknown outcomes. Slots and circuit keep one slow account from
# taking all threads of a worker.

UPSTREAMS = upstream_accounts.accounts()
UPSTREAM_CONNECT_SECONDS = environment.number("UPSTREAM_CONNECT_SECONDS", 2, least=0.05)
UPSTREAM_READ_SECONDS = environment.number("UPSTREAM_READ_SECONDS", 5, least=0.1)
UPSTREAM_WRITE_SECONDS = environment.number("UPSTREAM_WRITE_SECONDS", 8, least=0.1)
UPSTREAM_BODY_BYTES = 256_000
UPSTREAM_LIST_BYTES = environment.integer("UPSTREAM_LIST_BYTES", 8_000_000, least=1000)
EVENT_STREAM_IDLE_SECONDS = environment.number("EVENT_STREAM_IDLE_SECONDS", 45, least=0.1)
UPSTREAM_READ_SLOTS = environment.integer("UPSTREAM_READ_SLOTS", 3, least=1)
UPSTREAM_WRITE_SLOTS = environment.integer("UPSTREAM_WRITE_SLOTS", 2, least=1)
UPSTREAM_SLOT_WAIT_SECONDS = 0.25
UPSTREAM_CIRCUIT_FAILURES = 5
UPSTREAM_CIRCUIT_OPEN_SECONDS = environment.number("UPSTREAM_CIRCUIT_OPEN_SECONDS", 15, least=0.1)

# For everything that is asked over HTTPS: accounts, single sign-on, the webhook, checkpoint sinks.
OUTBOUND_PROXY = environment.outbound_proxy("OUTBOUND_PROXY")
OUTBOUND_PROXY_EXCEPT = [name.casefold() for name in environment.word_list("OUTBOUND_PROXY_EXCEPT")]
CA_FILE = environment.ca_file("CA_FILE")

# --- Sessions and resumes -------------------------------------------------------------------------

STALE_AFTER_SECONDS = environment.number("STALE_AFTER_SECONDS", 60, least=1)
LOOK_AGAIN_AFTER_SECONDS = environment.number("LOOK_AGAIN_AFTER_SECONDS", 10, least=1)
PAUSED_STATEMENT_SECONDS = environment.number("PAUSED_STATEMENT_SECONDS", 900, least=1)
# With the deadline of the call it stays below what proxies wait for: nobody is told "504" and then
# finds the session resumed.
ACTION_MAX_AGE_SECONDS = environment.number("ACTION_MAX_AGE_SECONDS", 15, least=0.1)
RESUME_LEASE_SECONDS = UPSTREAM_WRITE_SECONDS + environment.number(
    "RESUME_LEASE_SLACK_SECONDS", 60, least=0.1
)
RECONCILE_AFTER_SECONDS = [0, 5, 30, 120, 600]
RESUME_LIMITS = environment.rates("RESUME_LIMITS", "10/m,60/h")
RESUME_LIMITS_PER_SESSION = environment.rates("RESUME_LIMITS_PER_SESSION", "3/10m")
# A bulk resume: how many sessions it may have, how long it may take in all, and when it counts as
# abandoned.
BULK_MOST = environment.integer("BULK_MOST", 20, least=1, most=500)
BULK_SECONDS = environment.number("BULK_SECONDS", 300, least=1)
BULK_LEASE_SECONDS = (
    UPSTREAM_WRITE_SECONDS
    + UPSTREAM_READ_SECONDS
    + environment.number("BULK_LEASE_SLACK_SECONDS", 12, least=0.1)
)
# Pausing disconnects people: no role may, but those that are named here.
PAUSE_ROLES = environment.choices("PAUSE_ROLES", MAY_RESUME)
ANSWER_ROLES = environment.choices("ANSWER_ROLES", MAY_RESUME, default=MAY_RESUME)
# Cancelling ends the work of an agent.
CANCEL_ROLES = environment.choices("CANCEL_ROLES", MAY_RESUME)
LOOKUP_LIMITS = environment.rates("LOOKUP_LIMITS", "60/m")
TICKET_PATTERN = environment.pattern(
    "TICKET_PATTERN", environment.text("TICKET_PATTERN", r"[A-Za-z0-9#][A-Za-z0-9._/#-]{0,63}")
)
TICKET_URL = environment.ticket_url("TICKET_URL")
TICKET_REQUIRED = environment.flag("TICKET_REQUIRED")
CLIENT_URL = environment.client_url("CLIENT_URL")
# Facets of the review queue: a second action on a session within so many hours, or outside these.
REPEATED_WITHIN_HOURS = environment.number("REPEATED_WITHIN_HOURS", 24, least=0.01)
WORKING_HOURS = environment.working_hours("WORKING_HOURS")
DATA_DIR = Path(environment.text("DATA_DIR", str(places.MADE / "var")))

# --- Checkpoints of the audit log -----------------------------------------------------------------

CHECKPOINT_FILE = Path(environment.text("CHECKPOINT_FILE") or DATA_DIR / "audit-checkpoints.jsonl")
CHECKPOINT_SINKS = environment.sinks("CHECKPOINT_SINKS")
globals().update(environment.mail_server("EMAIL_URL", "smtp://localhost:25"))
EMAIL_TIMEOUT = 10
CHECKPOINT_EVENTS = environment.integer("CHECKPOINT_EVENTS", 100, least=1)
CHECKPOINT_SECONDS = environment.number("CHECKPOINT_SECONDS", 900, least=1)

# --- Messages, figures, and how long history is kept ----------------------------------------------

NOTIFY_URL = environment.webhook("NOTIFY_URL")
PANEL_URL = environment.origin("PANEL_URL")
METRICS_TOKEN = environment.token("METRICS_TOKEN")
ACCESS_LOG = environment.flag("ACCESS_LOG", True)
SENTRY_DSN = reports.sentry_dsn("SENTRY_DSN")
OTEL_EXPORTER_OTLP_ENDPOINT = reports.otlp_endpoint("OTEL_EXPORTER_OTLP_ENDPOINT")
OTEL_EXPORTER_OTLP_HEADERS = reports.otlp_headers("OTEL_EXPORTER_OTLP_HEADERS")
HISTORY_FULL_DAYS = environment.number("HISTORY_FULL_DAYS", 14, least=0.01)
HISTORY_SAMPLE_SECONDS = environment.integer("HISTORY_SAMPLE_SECONDS", 900, least=1)
HISTORY_DAYS = environment.number("HISTORY_DAYS", 400, least=0.01)
if HISTORY_DAYS < HISTORY_FULL_DAYS:
    raise ImproperlyConfigured(
        "HISTORY_DAYS is less than HISTORY_FULL_DAYS. History is kept at least that long."
    )

# --- The collector --------------------------------------------------------------------------------

COLLECT_LIST_SECONDS = environment.number("COLLECT_LIST_SECONDS", 10, least=0.1)
COLLECT_POLL_AFTER_SECONDS = environment.number("COLLECT_POLL_AFTER_SECONDS", 60, least=0.1)
COLLECT_POLLS_A_SECOND = environment.number("COLLECT_POLLS_A_SECOND", 20, least=0.1)
COLLECT_POLLS_AT_ONCE = environment.integer("COLLECT_POLLS_AT_ONCE", 8, least=1)
COLLECT_QUEUE_EVENTS = environment.integer("COLLECT_QUEUE_EVENTS", 50_000, least=1)

# --- Django ---------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "pingadmin.web",
    "pingadmin.accounts",
    "pingadmin.audit",
    "pingadmin.upstream",
    "pingadmin.remote_sessions",
    "pingadmin.resumes",
    "pingadmin.oversight",
    "pingadmin.collector",
    "pingadmin.notifications",
    "pingadmin.demo",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.mfa",
    "csp",
    "django_htmx",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
]

# The first five also dress what is answered before Django's own views: static files and refusals.
MIDDLEWARE = [
    "pingadmin.web.middleware.request_id",
    "pingadmin.web.measuring.measure_requests",
    "pingadmin.web.middleware.security_headers",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "pingadmin.web.middleware.refuse_unknown_methods",
    "pingadmin.web.middleware.refuse_unreadable",
    "pingadmin.web.middleware.viewer_zone",
    "pingadmin.web.middleware.htmx_login",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "pingadmin.accounts.middleware.own_zone",
    "django.contrib.messages.middleware.MessageMiddleware",
    "pingadmin.accounts.middleware.session_limits",
    "pingadmin.accounts.middleware.RecordDenied",
    "pingadmin.accounts.guards.second_factor.SecondFactorNeeded",
    "pingadmin.accounts.guards.fresh_sign_in.FreshSignIn",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "pingadmin.web.middleware.explain_wrong_method",
]

ROOT_URLCONF = "pingadmin.urls"
WSGI_APPLICATION = "pingadmin.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "pingadmin.web.context.frame",
                *(["pingadmin.demo.welcome.accounts"] if DEMO else []),
            ],
        },
    }
]

DATABASES = {
    "default": environment.database("DATABASE_URL", f"sqlite:///{places.MADE}/pingadmin.sqlite3")
}
# Kept between requests: opening SQLite anew would rewrite its side files each time.
DATABASES["default"]["CONN_MAX_AGE"] = 60
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DATABASE_WAIT_SECONDS = environment.number("DATABASE_WAIT_SECONDS", 5, least=0.05)
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # IMMEDIATE: two writers wait for each other instead of failing.
    # FULL: an intent survives a power cut.
    # recursive_triggers: INSERT OR REPLACE then meets the delete trigger of the audit log.
    DATABASES["default"]["OPTIONS"] = {
        "timeout": DATABASE_WAIT_SECONDS,
        "transaction_mode": "IMMEDIATE",
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA recursive_triggers=ON;"
        ),
    }
else:
    DATABASES["default"]["ENGINE"] = "pingadmin.config.postgresql"
    # A pooler may give the next transaction to another server process, which knows no such cursor.
    DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = True

# Version 0.2.0 kept limits there. checks.py says that it is not used any more.
REDIS_URL = environment.text("REDIS_URL")
# It holds what limits sign-ins, so it must not forget: the database has it, whoever asks.
CACHES = {"default": {"BACKEND": "pingadmin.accounts.table_cache.TableCache"}}

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
USE_I18N = False
FORMAT_MODULE_PATH = "pingadmin.web.formats"

STATIC_URL = f"{URL_PREFIX}/static/"
STATIC_ROOT = Path(environment.text("STATIC_ROOT", str(places.MADE / "staticfiles")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# --- People ---------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "pingadmin.accounts.adapter.ClosedSignup"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_NOTIFICATIONS = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
# Only failures count: behind one address there may be a whole team.
ACCOUNT_RATE_LIMITS = {"login": "", "login_failed": "10/m/ip,5/5m/key"}
# How many proxies of ours stand before the panel; 0 believes no X-Forwarded-For at all.
ALLAUTH_TRUSTED_PROXY_COUNT = environment.integer("TRUSTED_PROXIES", 0)
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "pingadmin"
# Clocks of phones differ: the code of the step before and of the one after are accepted too.
MFA_TOTP_TOLERANCE = 1
MFA_ADAPTER = "pingadmin.accounts.adapter.SecondFactors"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS_ONLY
MFA_ROLES = environment.choices("MFA_ROLES", list(ROLES))
# Exports and people's rights need a sign-in, or a password typed again, of the last 15 minutes.
FRESH_SIGN_IN_SECONDS = 15 * 60
SOCIALACCOUNT_ADAPTER = "pingadmin.accounts.adapter.KnownPeopleOnly"
SOCIALACCOUNT_PROVIDERS = environment.single_sign_on()
# For all calls to the provider that one request needs.
OIDC_SECONDS = environment.number("OIDC_SECONDS", 3, least=0.1)
OIDC_GROUPS = environment.mapping("OIDC_GROUPS", list(ROLES))
OIDC_GROUPS_CLAIM = environment.text("OIDC_GROUPS_CLAIM", "groups")
OIDC_CREATE_PEOPLE = environment.flag("OIDC_CREATE_PEOPLE")
if OIDC_CREATE_PEOPLE and not OIDC_GROUPS:
    raise ImproperlyConfigured(
        "OIDC_CREATE_PEOPLE needs OIDC_GROUPS: without a group nobody would know their role."
    )
# Where accounts are named, only their passwords work: everybody else comes by the provider.
BREAK_GLASS_ACCOUNTS = environment.break_glass_accounts("LOCAL_PASSWORDS")
if BREAK_GLASS_ACCOUNTS and not SOCIALACCOUNT_PROVIDERS:
    raise ImproperlyConfigured(
        "LOCAL_PASSWORDS shuts everybody out who is not named, and there is no single sign-on. "
        "Set OIDC_SERVER_URL and its neighbours, or unset LOCAL_PASSWORDS."
    )
# Some providers never say whether an address was verified, and only give out those that are.
OIDC_TRUST_EMAIL = environment.flag("OIDC_TRUST_EMAIL")
# The organisation's own provider says who somebody is; the person must have been added here first.
SOCIALACCOUNT_EMAIL_AUTHENTICATION = SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = bool(
    SOCIALACCOUNT_PROVIDERS
)
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_IDLE_SECONDS = 30 * 60
SESSION_WHOLE_SECONDS = 8 * 3600
SESSION_COOKIE_AGE = SESSION_WHOLE_SECONDS

# --- The browser's side of safety -----------------------------------------------------------------

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS_ONLY
# Browsers take __Host- for the whole host alone: below a path __Secure- is what is left.
_cookie_prefix = ("__Secure-" if URL_PREFIX else "__Host-") if HTTPS_ONLY else ""
SESSION_COOKIE_NAME = f"{_cookie_prefix}session"
CSRF_COOKIE_NAME = f"{_cookie_prefix}csrf"
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = f"{URL_PREFIX}/"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "pingadmin.web.errors.csrf_failure"
WHITENOISE_ALLOW_ALL_ORIGINS = False
SECURE_SSL_REDIRECT = HTTPS_ONLY
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if environment.flag("BEHIND_TLS_PROXY") else None
)
# Probes and a scraper on this machine use plain http; a token for /metrics needs HTTPS.
SECURE_REDIRECT_EXEMPT = [rf"^{re.escape(URL_PREFIX.lstrip('/'))}/?(metrics|healthz|readyz)$"]
SECURE_HSTS_SECONDS = 31536000 if HTTPS_ONLY else 0
# Both concern hosts that are not this panel's: whoever runs them decides.
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS_ONLY and environment.flag("HSTS_SUBDOMAINS")
SECURE_HSTS_PRELOAD = SECURE_HSTS_INCLUDE_SUBDOMAINS and environment.flag("HSTS_PRELOAD")
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
REQUEST_ARRIVAL_SECONDS = environment.number("REQUEST_ARRIVAL_SECONDS", 20, least=0.1)
# A preview of a bulk resume has four fields for each session, and about 700 bytes.
DATA_UPLOAD_MAX_MEMORY_SIZE = max(262_144, 1024 * BULK_MOST)
# The largest page of the board has a check box in each of its 1,000 rows.
DATA_UPLOAD_MAX_NUMBER_FIELDS = max(1100, 4 * BULK_MOST + 100)
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'"],
        "connect-src": ["'self'"],
        "font-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "object-src": ["'none'"],
    }
}

# --- Logs: one event, one line of JSON, on stderr -------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"client_errors": {"()": "pingadmin.web.logs.ClientErrorFilter"}},
    "formatters": {"json": {"()": "pingadmin.web.logs.JSONLineFormatter"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "json",
            "filters": ["client_errors"],
        }
    },
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "pingadmin": {"level": environment.log_level("LOG_LEVEL")},
        # No mail to ADMINS: a report could carry what the page held.
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": [], "level": "INFO", "propagate": True},
    },
}
