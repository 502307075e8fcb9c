"""Settings of the suite: keys of its own, quick hashing, plain static files. The database and broker come from the environment."""

import os
import tempfile
from pathlib import Path

os.environ.setdefault("SECRET_KEY", "a-key-for-tests-only-long-enough-to-satisfy-the-deploy-check")
os.environ.setdefault("FIELD_ENCRYPTION_KEYS", "dGVzdHMtb25seS10ZXN0cy1vbmx5LXRlc3RzLW9ubHk=")
os.environ.setdefault("DATABASE_URL", f"sqlite:///{Path(tempfile.gettempdir()) / f'congressus_sync_tests_{os.getpid()}.sqlite3'}")
os.environ.setdefault("EMAIL_URL", "memorymail://")
# What nobody is there to hear goes nowhere; stories with a worker bring a broker of their own.
HAS_BROKER = os.environ.get("CELERY_BROKER_URL", "memory://") != "memory://"
os.environ.setdefault("CELERY_BROKER_URL", "memory://")

from congressus_sync.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Static files come from the source folders: a suite needs no collectstatic.
WHITENOISE_AUTOREFRESH = True
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405
    # In a file, as in life: threads and worker processes of a story share it, which memory cannot.
    DATABASES["default"]["TEST"] = {"NAME": f"{DATABASES['default']['NAME']}.test"}  # noqa: F405
