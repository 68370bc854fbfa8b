"""All settings of oO, read from the environment and nowhere else.

Every variable is declared once, here, through `env`; `manage.py settings_doc` writes docs/settings.md
from these declarations. What can be wrong about a value is a system check of the floor that uses it.
"""

import os
from pathlib import Path

import dj_database_url

from adminconsole.theme import UNFOLD as UNFOLD
from oo.lib.env import Env, read_dotenv

BASE_DIR = Path(__file__).resolve().parent.parent
# The second file is where `make run` tells commands in another terminal what it has started.
_dotenv = BASE_DIR / ".env"
_var = os.environ.get("VAR_DIR") or read_dotenv(_dotenv).get("VAR_DIR") or BASE_DIR / "var"
env = Env(os.environ, _dotenv, Path(_var) / "run" / "env")

# ------------------------------------------------------------------------------------------------
env.section("The installation")

DEBUG = env.flag(
    "DEBUG", False, "Development mode: plain http, tracebacks, sample secrets allowed."
)
PUBLIC_URL = env.text(
    "PUBLIC_URL",
    "http://localhost:8000",
    "The address people open, without a trailing slash. OAuth callbacks are built from it.",
).rstrip("/")
SECRET_KEY = env.text(
    "SECRET_KEY",
    "sample-secret-key-refused-outside-debug",
    "Signs sessions. `make run` writes a random one into .env.",
)
ENCRYPTION_KEYS = env.words(
    "ENCRYPTION_KEYS",
    ["c2FtcGxlLWtleS1yZWZ1c2VkLW91dHNpZGUtZGVidWc="],
    "Fernet keys that seal tokens and snapshots. The first seals, all open: rotate by putting a new "
    "one in front and running `manage.py rotate_keys`. Losing them loses every connection.",
)
ALLOWED_HOSTS = env.words(
    "ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"], "Host names this installation answers to."
)
CSRF_TRUSTED_ORIGINS = env.words(
    "CSRF_TRUSTED_ORIGINS", [], "Extra origins whose forms are accepted, with scheme."
)
BEHIND_PROXY = env.flag(
    "BEHIND_PROXY",
    False,
    "A proxy terminates TLS and sets X-Forwarded-Proto, and is the only way in.",
)
VAR_DIR = Path(
    env.text("VAR_DIR", str(BASE_DIR / "var"), "Where embedded databases and logs live.")
)

# ------------------------------------------------------------------------------------------------
env.section("Database and Redis")

DATABASE_URL = env.text(
    "DATABASE_URL",
    "",
    "For instance postgres://user:password@host/name. Empty: SQLite in VAR_DIR.",
)
DATABASE_PREPARE = env.flag(
    "DATABASE_PREPARE",
    True,
    "Whether the queries of the request path may be prepared on a connection to PostgreSQL. `no` behind "
    "a pooler that gives each transaction another connection.",
)
REDIS_URL = env.text(
    "REDIS_URL",
    f"unix://{VAR_DIR}/redis/redis.sock",
    "Broker, cache, rate limits: redis://, rediss:// or unix://. `make run` starts a private one "
    "on a unix socket when this is not set.",
)
CELERY_VISIBILITY_TIMEOUT = env.whole(
    "CELERY_VISIBILITY_TIMEOUT",
    300,
    "Seconds until the job of a killed worker is given to another.",
)

if DATABASE_URL:
    DATABASES = {
        "default": dj_database_url.parse(DATABASE_URL, conn_max_age=60, conn_health_checks=True)
    }
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(VAR_DIR / "oo.sqlite3"),
            "CONN_MAX_AGE": 60,
            # Writers queue instead of failing: with Django's defaults four of them lose 5 % of
            # their transactions to "database is locked", with these none.
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 10,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; "
                "PRAGMA busy_timeout=10000;",
            },
        }
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {
    "default": {
        "BACKEND": "oo.lib.cache.ForgivingRedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "oo",
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 2},
    }
}

# ------------------------------------------------------------------------------------------------
env.section("The bus")

NATS_URL = env.text(
    "NATS_URL",
    "",
    "nats://user:password@host:4222 or tls://…, several with commas: a NATS server with JetStream, to "
    "which every event is mirrored for programs beside oO. Empty: there is none, and all else is the "
    "same.",
)
NATS_CREDENTIALS = env.text(
    "NATS_CREDENTIALS",
    "",
    "Path of a .creds file, where the server wants one instead of a password.",
)

# ------------------------------------------------------------------------------------------------
env.section("Sign-in with Google")

SANDBOX_URL = env.text(
    "SANDBOX_URL",
    "",
    "Address of the sandbox world, which then stands in for Google and Todoist. `make run` sets it "
    "when no credentials are configured. Refused outside debug.",
).rstrip("/")
_google = f"{SANDBOX_URL}/google" if SANDBOX_URL else ""
_todoist = f"{SANDBOX_URL}/todoist" if SANDBOX_URL else ""
_sandbox_id = "oo-sandbox" if SANDBOX_URL else ""
_sandbox_secret = "oo-sandbox-secret" if SANDBOX_URL else ""

GOOGLE_CLIENT_ID = env.text(
    "GOOGLE_CLIENT_ID", _sandbox_id, "OAuth client of type web application."
)
GOOGLE_CLIENT_SECRET = env.text("GOOGLE_CLIENT_SECRET", _sandbox_secret, "Its secret.")
GOOGLE_AUTHORIZE_URL = env.text(
    "GOOGLE_AUTHORIZE_URL",
    f"{_google}/o/oauth2/v2/auth" if _google else "https://accounts.google.com/o/oauth2/v2/auth",
    "Where the browser is sent to sign in.",
)
GOOGLE_TOKEN_URL = env.text(
    "GOOGLE_TOKEN_URL",
    f"{_google}/token" if _google else "https://oauth2.googleapis.com/token",
    "Where the code is exchanged.",
)
GOOGLE_USERINFO_URL = env.text(
    "GOOGLE_USERINFO_URL",
    f"{_google}/userinfo" if _google else "https://openidconnect.googleapis.com/v1/userinfo",
    "Asked when the ID token lacks a claim.",
)
GOOGLE_CERTS_URL = env.text(
    "GOOGLE_CERTS_URL",
    f"{_google}/x509-certs" if _google else "https://www.googleapis.com/oauth2/v1/certs",
    "Keys of ID tokens, as a map of kid to PEM.",
)
GOOGLE_ISSUER = env.text(
    "GOOGLE_ISSUER", _google or "https://accounts.google.com", "Issuer that ID tokens must name."
)
ADMIN_SEED_EMAIL = env.text(
    "ADMIN_SEED_EMAIL",
    "",
    "Whoever signs in with this verified address becomes an admin. `make run` offers a sandbox one.",
)
ADMIN_TOKEN = env.text(
    "ADMIN_TOKEN",
    "",
    "Lets machines fetch an API token at POST /api/auth/token. Empty: off. At least 32 characters.",
)
API_TOKEN_MINUTES = env.whole("API_TOKEN_MINUTES", 60, "How long such an API token lives.")

# ------------------------------------------------------------------------------------------------
env.section("Todoist")

TODOIST_CLIENT_ID = env.text("TODOIST_CLIENT_ID", _sandbox_id, "From Todoist's app console.")
TODOIST_CLIENT_SECRET = env.text("TODOIST_CLIENT_SECRET", _sandbox_secret, "Its secret.")
TODOIST_AUTHORIZE_URL = env.text(
    "TODOIST_AUTHORIZE_URL",
    f"{_todoist}/oauth/authorize" if _todoist else "https://app.todoist.com/oauth/authorize",
    "Where the browser is sent to connect.",
)
TODOIST_TOKEN_URL = env.text(
    "TODOIST_TOKEN_URL",
    f"{_todoist}/oauth/access_token" if _todoist else "https://api.todoist.com/oauth/access_token",
    "Where codes and refresh tokens are exchanged.",
)
TODOIST_REVOKE_URL = env.text(
    "TODOIST_REVOKE_URL",
    f"{_todoist}/api/v1/revoke" if _todoist else "https://api.todoist.com/api/v1/revoke",
    "Where tokens are revoked (RFC 7009).",
)
TODOIST_API_URL = env.text(
    "TODOIST_API_URL",
    f"{_todoist}/api/v1" if _todoist else "https://api.todoist.com/api/v1",
    "Base address of API v1.",
).rstrip("/")

# ------------------------------------------------------------------------------------------------
env.section("Google Calendar")

GOOGLE_CALENDAR_CLIENT_ID = env.text(
    "GOOGLE_CALENDAR_CLIENT_ID",
    GOOGLE_CLIENT_ID,
    "OAuth client of calendars. By default the one of sign-in, with its secret.",
)
GOOGLE_CALENDAR_CLIENT_SECRET = env.text(
    "GOOGLE_CALENDAR_CLIENT_SECRET", GOOGLE_CLIENT_SECRET, "Its secret."
)
GOOGLE_CALENDAR_URL = env.text(
    "GOOGLE_CALENDAR_URL",
    f"{_google}/calendar/v3" if _google else "https://www.googleapis.com/calendar/v3",
    "Base address of the Calendar API, version 3.",
).rstrip("/")
GOOGLE_REVOKE_URL = env.text(
    "GOOGLE_REVOKE_URL",
    f"{_google}/revoke" if _google else "https://oauth2.googleapis.com/revoke",
    "Where grants of calendars are revoked.",
)

# ------------------------------------------------------------------------------------------------
env.section("Sources")

SYNC_EVERY_SECONDS = env.whole(
    "SYNC_EVERY_SECONDS", 300, "How often a connection is read when nobody looks."
)
FRESH_SECONDS = env.whole(
    "FRESH_SECONDS", 30, "Opening the page re-reads a source that was read longer ago than this."
)
SNAPSHOT_HOURS = env.whole(
    "SNAPSHOT_HOURS",
    24,
    "How long the encrypted text of tasks stays in the cache without a re-read.",
)
UPLOAD_MAX_BYTES = env.whole(
    "UPLOAD_MAX_BYTES",
    5_000_000,
    "Largest file taken that is read at once: a calendar, a todo.txt.",
)
UPLOAD_DIR = Path(
    env.text(
        "UPLOAD_DIR",
        str(VAR_DIR / "uploads"),
        "A private directory that the web and the workers share, where health exports wait to be read.",
    )
)
HEALTH_UPLOAD_MAX_BYTES = env.whole(
    "HEALTH_UPLOAD_MAX_BYTES", 500_000_000, "Largest health export taken, packed as it comes."
)
HEALTH_READ_SECONDS = env.whole(
    "HEALTH_READ_SECONDS", 600, "A health export that takes longer to read than this is refused."
)
HEALTH_DAYS = env.whole(
    "HEALTH_DAYS", 400, "Of how many days sleep, steps, mindful minutes and heart rate are kept."
)
SOURCE_TIMEOUT_SECONDS = env.number(
    "SOURCE_TIMEOUT_SECONDS", 10.0, "Longest wait for one answer of a source."
)
OUTGOING_TRUSTED_HOSTS = env.words(
    "OUTGOING_TRUSTED_HOSTS",
    [SANDBOX_URL.split("://", 1)[1]] if SANDBOX_URL else [],
    "host:port pairs of task and calendar services that may lead to a private address. What a user "
    "types must be public.",
)
WEBHOOK_MAX_BYTES = env.whole(
    "WEBHOOK_MAX_BYTES", 65_536, "Largest body that a user's own endpoint takes; at most 100000."
)
WEBHOOKS_PER_MINUTE = env.whole(
    "WEBHOOKS_PER_MINUTE", 120, "How many deliveries one endpoint takes in a minute."
)
READS_PER_HOUR = env.whole(
    "READS_PER_HOUR",
    120,
    "How often all connections of one user together are read in an hour, at most.",
)
SOURCES = [
    "integrations.sources.todoist.Todoist",
    "integrations.sources.google_calendar.GoogleCalendar",
    "integrations.sources.ical_feed.ICalendarFeed",
    "integrations.sources.ical.ICalendar",
    "integrations.sources.apple_health.AppleHealth",
    "integrations.sources.todotxt.TodoTxt",
    "integrations.sources.webhook.Webhook",
]

# ------------------------------------------------------------------------------------------------
env.section("Tips")

TIP_HOURS = env.number("TIP_HOURS", 4.0, "A tip that is not answered in this time is replaced.")
SNOOZE_MINUTES = env.whole("SNOOZE_MINUTES", 120, "How long a snoozed tip rests.")
SILENCE_MINUTES = env.whole(
    "SILENCE_MINUTES", 45, "How long nothing is said where a policy chose silence."
)
SILENCE_AFTER = env.whole(
    "SILENCE_AFTER", 5, "After how many answers of a user a policy may choose silence for them."
)
UNDO_MINUTES = env.whole("UNDO_MINUTES", 5, "How long a reaction can be undone.")
DISMISS_DAYS = env.whole("DISMISS_DAYS", 7, "How long a dismissed tip rests.")
ACTIVE_POLICY = env.text(
    "ACTIVE_POLICY", "hierarchical", "The policy that chooses. One of the ids in POLICIES."
)
POLICY_BUDGET_MS = env.whole(
    "POLICY_BUDGET_MS", 50, "A policy slower than this is passed over for the urgency rule."
)
AGENTS = [
    "agents.library.time_of_day.TimeOfDay",
    "agents.library.momentum.Momentum",
    "agents.library.overdue_task.OverdueTask",
    "agents.library.recent_patterns.RecentPatterns",
    "agents.library.focus_area.FocusArea",
    "agents.library.free_window.FreeWindow",
    "agents.library.energy.Energy",
]
POLICIES = [
    "recommender.bandit.policies.uniform.Uniform",
    "recommender.bandit.policies.urgency.Urgency",
    "recommender.bandit.policies.linucb.LinUCB",
    "recommender.bandit.policies.epsilon_greedy.EpsilonGreedy",
    "recommender.bandit.policies.epsilon_greedy_v2.EpsilonGreedyV2",
    "recommender.bandit.policies.thompson.Thompson",
    "recommender.bandit.policies.squarecb.SquareCB",
    "recommender.bandit.policies.neural.Neural",
    "recommender.bandit.policies.hierarchical.Hierarchical",
]

SHADOW_POLICIES = env.words(
    "SHADOW_POLICIES",
    [],
    "Ids of policies that decide unseen, off the request path, what the live one decided. Operators "
    "may add more in the console.",
)
PRIOR_EPSILON = env.number(
    "PRIOR_EPSILON",
    4.0,
    "What one estimate of the shared prior may spend of the privacy of those who take part: the ε of "
    "differential privacy. Smaller blurs more and needs more people. 0 turns the estimates off.",
)
PRIOR_EPSILON_TOTAL = env.number(
    "PRIOR_EPSILON_TOTAL",
    20.0,
    "What all estimates together may spend of somebody who took part in every one. Then they end.",
)
PRIOR_PEOPLE = env.whole(
    "PRIOR_PEOPLE",
    20,
    "With fewer people than this taking part, newcomers start from what they started from before.",
)
MLFLOW_TRACKING_URI = env.text(
    "MLFLOW_TRACKING_URI",
    "",
    "http:// or https:// address of an MLflow server, which is sent every run of evaluation, "
    "estimation and promotion. Empty: they are kept in the database only.",
).rstrip("/")
MLFLOW_TRACKING_TOKEN = env.text(
    "MLFLOW_TRACKING_TOKEN", "", "Bearer token of that server, if any."
)
MLFLOW_EXPERIMENT = env.text("MLFLOW_EXPERIMENT", "oO", "The experiment that runs are put into.")

# ------------------------------------------------------------------------------------------------
env.section("The language model")

OLLAMA_URL = env.text(
    "OLLAMA_URL",
    "",
    "http:// or https:// address of an Ollama server, or of another that speaks OpenAI's protocol at "
    "/v1, on a machine of yours. Its models have names of their own: `ollama cp qwen2.5:3b "
    "tip-generator` makes one the writer, or name it below.",
).rstrip("/")
OLLAMA_LOCAL = env.flag(
    "OLLAMA_LOCAL",
    False,
    "Every model at OLLAMA_URL runs on machines of yours. Without it a server with a public name "
    "counts as a cloud, and each model of another is asked about where it runs.",
)
LITELLM_URL = env.text(
    "LITELLM_URL",
    "",
    "http:// or https:// address of a LiteLLM proxy that knows the models `tip-generator`, `embedder` "
    "and `judge`. It counts as a cloud unless LITELLM_LOCAL says otherwise.",
).rstrip("/")
LITELLM_KEY = env.text("LITELLM_KEY", "", "Key of that proxy, if it wants one.")
LITELLM_LOCAL = env.flag(
    "LITELLM_LOCAL", False, "Every model behind the proxy runs on machines of yours."
)
LLM_CLOUD_URL = env.text(
    "LLM_CLOUD_URL",
    "",
    "Address of a provider that speaks OpenAI's protocol, up to and with its version: "
    "https://api.openai.com/v1. Used by a model that is named `cloud:…` below, or where there is "
    "nothing else.",
).rstrip("/")
LLM_CLOUD_KEY = env.text("LLM_CLOUD_KEY", "", "Key of that provider.")
LLM_REMOTE_ALLOWED = env.flag(
    "LLM_REMOTE_ALLOWED",
    False,
    "A model in the cloud may be asked, for those users who agreed to it. Off: never.",
)
LLM_TIP_GENERATOR = env.text(
    "LLM_TIP_GENERATOR",
    "tip-generator",
    "The model that writes tips. `ollama:`, `proxy:` or `cloud:` in front says which of the addresses "
    "has it; without, it is the first there is, those on your machines first. `off`: none.",
)
LLM_EMBEDDER = env.text(
    "LLM_EMBEDDER", "embedder", "The model that tells which texts are alike, named the same way."
)
LLM_EMBEDDER_PREFIX = env.text(
    "LLM_EMBEDDER_PREFIX",
    "",
    "What the embedder wants in front of every text: nomic-embed-text wants `clustering:`.",
)
LLM_JUDGE = env.text(
    "LLM_JUDGE",
    "judge",
    "The model that `manage.py simulate --judge llm` asks, named the same way.",
)
LLM_TIMEOUT_SECONDS = env.number(
    "LLM_TIMEOUT_SECONDS", 30.0, "Longest wait for one answer of a model, all of it; at most 100."
)
LLM_AT_ONCE = env.whole(
    "LLM_AT_ONCE",
    1,
    "How many questions all workers together have under way at a time. Fewer than there are worker "
    "processes, so that a slow model never keeps all of them from their other work.",
)
LLM_USER_TOKENS = env.whole(
    "LLM_USER_TOKENS", 40_000, "How many tokens may be used for one user in a day (UTC)."
)
LLM_ALL_TOKENS = env.whole(
    "LLM_ALL_TOKENS", 2_000_000, "How many tokens may be used for everybody together in a day."
)
LLM_ALL_DOLLARS = env.number(
    "LLM_ALL_DOLLARS",
    1.0,
    "What models in the cloud may cost in a day, in US dollars, as far as their price is known.",
)
LLM_PRICE = env.number(
    "LLM_PRICE",
    0.0,
    "What a million tokens of a model in the cloud cost, in US dollars, where nobody tells. 0: not "
    "known, and a provider's model without a known price is not asked.",
)
LLM_BREAKER_FAILURES = env.whole(
    "LLM_BREAKER_FAILURES", 5, "After so many failures in a row a model is left alone for a while."
)
LLM_BREAKER_SECONDS = env.whole(
    "LLM_BREAKER_SECONDS", 60, "How long at first; twice as long each time, up to half an hour."
)
LLM_LOG_DAYS = env.whole(
    "LLM_LOG_DAYS", 30, "How long it is kept that a model was called, without what was said."
)
LLM_LOG_TEXT_HOURS = env.number(
    "LLM_LOG_TEXT_HOURS",
    0.0,
    "How long what was said is kept too, sealed, to look into a problem. It has users' own words in "
    "it. 0: never.",
)

# ------------------------------------------------------------------------------------------------
env.section("Privacy")

EVENT_RETENTION_DAYS = env.whole(
    "EVENT_RETENTION_DAYS",
    90,
    "Older than this go: delivered events, closed tasks, past appointments, unanswered decisions.",
)
LEGAL_VERSION = "2026-11-21"
OPERATOR_NAME = env.text(
    "OPERATOR_NAME",
    "the operator of this installation",
    "Named in the terms and the privacy notice.",
)
OPERATOR_EMAIL = env.text("OPERATOR_EMAIL", "", "Contact address shown on the legal pages.")

# ------------------------------------------------------------------------------------------------
# Wiring. Nothing below reads the environment.

INSTALLED_APPS = [
    "oo.events",
    "accounts",
    "integrations",
    "agents",
    "recommender",
    "adminconsole",
    "oo.apps.Roof",
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.google",
    "allauth.usersessions",
    "rest_framework",
    "drf_spectacular",
    "django_celery_beat",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "oo.lib.limits.LimitsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "accounts.middleware.PrivateMiddleware",
    "accounts.middleware.TimeZoneMiddleware",
    "oo.pages.NotAllowedMiddleware",
    "adminconsole.middleware.ConsoleMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "oo.urls"
WSGI_APPLICATION = "oo.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.context.installation",
            ],
        },
    }
]

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
LOGIN_URL = "/welcome/"
LOGIN_REDIRECT_URL = "/"

ALLAUTH_TRUSTED_PROXY_COUNT = 1 if BEHIND_PROXY else 0
# Sign-in only, through Google only; what it returns is used once and not kept.
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "/welcome/"
ACCOUNT_SESSION_REMEMBER = True
SOCIALACCOUNT_ADAPTER = "accounts.adapter.SocialAccountAdapter"
SOCIALACCOUNT_ONLY = True
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_AUTO_SIGNUP = True
SOCIALACCOUNT_LOGIN_ON_GET = False
SOCIALACCOUNT_REQUESTS_TIMEOUT = 10
SOCIALACCOUNT_PROVIDERS = {
    "google": {
        "APPS": [{"client_id": GOOGLE_CLIENT_ID, "secret": GOOGLE_CLIENT_SECRET, "key": ""}],
        "SCOPE": ["openid", "email", "profile"],
        "AUTH_PARAMS": {"access_type": "online", "prompt": "select_account"},
        "OAUTH_PKCE_ENABLED": True,
        "FETCH_USERINFO": False,
        "AUTHORIZE_URL": GOOGLE_AUTHORIZE_URL,
        "ACCESS_TOKEN_URL": GOOGLE_TOKEN_URL,
        "IDENTITY_URL": GOOGLE_USERINFO_URL,
        "CERTS_URL": GOOGLE_CERTS_URL,
        "ID_TOKEN_ISSUER": GOOGLE_ISSUER,
    }
}

MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 30
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "accounts.views.csrf_failure"

SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SECURE_SSL_REDIRECT = not DEBUG
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEBUG
SECURE_HSTS_SECONDS = 0 if DEBUG else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not DEBUG
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

_authorize_urls = [url for name, url in list(globals().items()) if name.endswith("_AUTHORIZE_URL")]
_form_targets = ["'self'", *sorted({"/".join(url.split("/", 3)[:3]) for url in (
    *_authorize_urls, "https://todoist.com/")})]  # fmt: skip
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "manifest-src": ["'self'"],
        "worker-src": ["'self'"],
        # Browsers check the target of a form's redirect too, and connecting redirects to the source.
        "form-action": _form_targets,
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
USE_I18N = False
DATETIME_FORMAT = "j M Y, H:i:s"
DATE_FORMAT = "j M Y"

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
# Where more is taken than UPLOAD_MAX_BYTES: written to disk as it comes, see integrations/uploads.py.
LARGE_FORMS = {"/connect/apple_health/export/": HEALTH_UPLOAD_MAX_BYTES}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
FILE_UPLOAD_MAX_MEMORY_SIZE = 2_500_000

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["oo.lib.parse.JSON"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "oo.lib.pages.Pages",
    "EXCEPTION_HANDLER": "oo.lib.problem.handler",
    "DEFAULT_THROTTLE_CLASSES": ["oo.lib.throttle.PerUser"],
    "DEFAULT_THROTTLE_RATES": {"user": "120/min", "token": "10/min"},
    # Otherwise whoever invents an X-Forwarded-For has a new address, and a new limit, each time.
    "NUM_PROXIES": 1 if BEHIND_PROXY else 0,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "oO",
    "DESCRIPTION": "One tip. Right now.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": True,
    "ENFORCE_NON_BLANK_FIELDS": True,
    "ENUM_NAME_OVERRIDES": {
        "TipState": ["tip", "connect", "reading", "reconnect", "quiet"],
        "HealthState": ["ok", "warn", "fail"],
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "oo.lib.openapi.tell_errors",
    ],
}

CELERY_BROKER_URL = (
    REDIS_URL.replace("unix://", "redis+socket://", 1)
    if REDIS_URL.startswith("unix")
    else REDIS_URL
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Who wakes a job does not wait for a broker that is down: by default each would for six seconds.
# What is lost is swept from rows.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": CELERY_VISIBILITY_TIMEOUT,
    "max_retries": 0,
    "socket_connect_timeout": 2,
    "socket_timeout": 30,
    "global_keyprefix": "oo:",
}
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT = 120
CELERY_TASK_TIME_LIMIT = 150
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
DJANGO_CELERY_BEAT_TZ_AWARE = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django.request": {"level": "ERROR"},
        # httpx logs whole addresses, and some addresses are secrets.
        "httpx": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
    },
}
