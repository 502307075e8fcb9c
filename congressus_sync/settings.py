"""Settings, all of them from the environment.

A clone runs with no configuration: SQLite under `var/`, keys under `var/keys/` (made by `serve`). As soon as `DATABASE_URL` names
a database of one's own, the keys must come from the environment too: a container that makes its own keys would lose every
secret at its next start. What is missing or unsafe is told by `congressus_sync.checks`, never by a traceback.
"""

from pathlib import Path
from urllib.parse import urlsplit

import environ
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from congressus_sync import keys

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()

# What this installation keeps on this machine: the database and keys of a clone, the state of the scheduler.
VAR_DIR = Path(env.str("VAR_DIR", "") or BASE_DIR / "var")

DEBUG = env.bool("DEBUG", False)
PORT = env.int("PORT", 8000)
PUBLIC_URL = env.str("PUBLIC_URL", f"http://localhost:{PORT}").rstrip("/")
_public = urlsplit(PUBLIC_URL)
_public_host = _public.hostname or "localhost"
_is_https = _public.scheme == "https"
LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")

# Keys --------------------------------------------------------------------------------------------------------------------

_own_database = bool(env.str("DATABASE_URL", ""))
SECRET_KEY = env.str("SECRET_KEY", "") or ("" if _own_database else keys.read(VAR_DIR / "keys" / "secret_key"))
# First key encrypts, all of them decrypt: a new key is put in front, `rotate_secrets` rewrites, the old one goes.
FIELD_ENCRYPTION_KEYS = env.list("FIELD_ENCRYPTION_KEYS", default=[]) or (
    [] if _own_database else keys.read(VAR_DIR / "keys" / "field_encryption_keys").split()
)
SECRET_KEY_IS_MISSING = not SECRET_KEY
# Django itself refuses an empty key with a traceback; the system check E001 says it in words.
SECRET_KEY = SECRET_KEY or keys.new_secret_key()

# Where we are ------------------------------------------------------------------------------------------------------------

# Health checks and the proxy beside us come by a loopback name, whatever PUBLIC_URL says.
ALLOWED_HOSTS = list(dict.fromkeys([*env.list("ALLOWED_HOSTS", default=[]), _public_host, *LOOPBACK_HOSTS]))
CSRF_TRUSTED_ORIGINS = [f"{_public.scheme}://{_public.netloc}"]
TRUST_PROXY = env.bool("TRUST_PROXY", False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUST_PROXY else None
USE_X_FORWARDED_HOST = TRUST_PROXY
SUPPORT_CONTACT = env.str("SUPPORT_CONTACT", "")
# Replaces the host of every Exact Online site: for the simulator and for tests. A banner on every page says so.
EXACT_ONLINE_BASE_URL = env.str("EXACT_ONLINE_BASE_URL", "").rstrip("/")
# The same for Congressus: its API and its pages.
CONGRESSUS_BASE_URL = env.str("CONGRESSUS_BASE_URL", "").rstrip("/")

# More than this by one import or the like waits for a person: at least so many, or so many in a hundred of what is linked.
BRAKE_CREATED_MINIMUM = env.int("BRAKE_CREATED_MINIMUM", 20)
BRAKE_CREATED_PERCENT = env.int("BRAKE_CREATED_PERCENT", 10)
BRAKE_CHANGED_MINIMUM = env.int("BRAKE_CHANGED_MINIMUM", 50)
BRAKE_CHANGED_PERCENT = env.int("BRAKE_CHANGED_PERCENT", 25)
# The same for members who would no longer take part because Congressus deleted them or gave them another status.
BRAKE_ENDED_MINIMUM = env.int("BRAKE_ENDED_MINIMUM", 20)
BRAKE_ENDED_PERCENT = env.int("BRAKE_ENDED_PERCENT", 10)

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _is_https
# Lax, not Strict: the way back from Exact Online is a navigation from another site and must find the session.
SESSION_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = False  # the proxy in front of us does that; a health check by http must get its answer
SECURE_HSTS_SECONDS = 31_536_000 if _is_https else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# Applications ------------------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "congressus_sync",
    "integrations",
    "finance",
    "members",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "allauth",
    "allauth.account",
    "csp",
    "django_countries",
    "django_filters",
    "django_htmx",
    "django_structlog",
    "heroicons",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "congressus_sync.login.LoginRequired",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "csp.middleware.CSPMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "congressus_sync.logs.RequestLogMiddleware",
]

ROOT_URLCONF = "congressus_sync.urls"
WSGI_APPLICATION = "congressus_sync.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

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
                "congressus_sync.context.installation",
            ],
            "builtins": ["heroicons.templatetags.heroicons", "django.templatetags.i18n"],
        },
    }
]

# Database ----------------------------------------------------------------------------------------------------------------

if not _own_database:
    VAR_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'db.sqlite3'}")}
DATABASES["default"]["CONN_MAX_AGE"] = 60
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        # A write transaction begins as one: a read that turns into a write cannot wait and would fail at once.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL",
    }
else:
    # A database host that is gone answers nothing at all; a page should say so, not hang.
    DATABASES["default"].setdefault("OPTIONS", {})["connect_timeout"] = 5

# The login limiter counts over all web processes, so its cache is shared: the database, which is there anyway.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}}

# People ------------------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "congressus_sync.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "congressus_sync.accounts.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_SESSION_REMEMBER = False
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

# Language and time -------------------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
# Dutch is offered once it is complete: half a translation is worse than none.
LANGUAGES = [("en", _("English"))]
FORMAT_MODULE_PATH = ["congressus_sync.formats"]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = env.str("TIME_ZONE", "Europe/Amsterdam")
USE_TZ = True
USE_I18N = True

# Files and mail ----------------------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "congressus_sync" / "static_files"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
# Without a mail server mails are printed in the log of the process, so that none disappears unseen.
vars().update(env.email("EMAIL_URL", default="consolemail://"))
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("DEFAULT_FROM_EMAIL", f"congressus_sync@{_public_host}")
EMAIL_TIMEOUT = 20

# Pages -------------------------------------------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "img-src": [SELF, "data:"],
    }
}

# Background work ---------------------------------------------------------------------------------------------------------

# `serve` starts a broker of its own and fills this in where it is empty.
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", "redis://127.0.0.1:6379/0")

LOGGING_CONFIG = None  # congressus_sync.logs sets up structlog and the standard library in one go
