"""What would make this installation unsafe or deaf, found at the start: each with an id and what to do.

`manage.py` runs these by itself; a web server and a worker do not, so they call `refuse_bad_start()`.
"""

import sys
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from django.conf import settings
from django.core import checks


@checks.register(checks.Tags.security)
def keys_are_there(app_configs: object, **kwargs: object) -> list[checks.CheckMessage]:
    found: list[checks.CheckMessage] = []
    if settings.SECRET_KEY_IS_MISSING:
        found.append(
            checks.Error(
                "SECRET_KEY is not set: sessions would end at every restart.",
                hint="Set SECRET_KEY in the environment, or start once with `make serve`, which makes it under var/keys/.",
                id="congressus_sync.E001",
            )
        )
    if not settings.FIELD_ENCRYPTION_KEYS:
        found.append(
            checks.Error(
                "FIELD_ENCRYPTION_KEYS is not set: secrets of Exact Online cannot be stored or read.",
                hint="Set it to a key made by `python -c 'from cryptography.fernet import Fernet; "
                "print(Fernet.generate_key().decode())'`, or start once with `make serve`.",
                id="congressus_sync.E002",
            )
        )
    elif not all(_is_fernet_key(key) for key in settings.FIELD_ENCRYPTION_KEYS):
        found.append(
            checks.Error(
                "FIELD_ENCRYPTION_KEYS holds something that is not a key.",
                hint="Each key is 32 bytes in url-safe base64 (44 characters), separated by commas, the newest first.",
                id="congressus_sync.E003",
            )
        )
    return found


@checks.register(checks.Tags.security)
def hosts_are_named(app_configs: object, **kwargs: object) -> list[checks.CheckMessage]:
    if "*" not in settings.ALLOWED_HOSTS:
        return []
    return [
        checks.Error(
            "ALLOWED_HOSTS is *: a forged Host header could end up in a redirect or a mail.",
            hint="Leave ALLOWED_HOSTS out; the host of PUBLIC_URL is allowed by itself.",
            id="congressus_sync.E004",
        )
    ]


@checks.register(checks.Tags.security)
def public_url_is_safe(app_configs: object, **kwargs: object) -> list[checks.CheckMessage]:
    url = urlsplit(settings.PUBLIC_URL)
    if url.scheme not in ("http", "https") or not url.hostname or url.path not in ("", "/"):
        return [
            checks.Error(
                f"PUBLIC_URL is {settings.PUBLIC_URL!r}, which is not the address of a site.",
                hint="Write it as https://sync.example.org, without a path.",
                id="congressus_sync.E005",
            )
        ]
    if url.scheme == "https" or url.hostname in settings.LOOPBACK_HOSTS:
        return []
    return [
        checks.Error(
            f"PUBLIC_URL is http on {url.hostname}: passwords and member data would travel in the clear.",
            hint="Put a proxy with a certificate in front and set PUBLIC_URL to its https address. Exact Online takes only https too.",
            id="congressus_sync.E006",
        )
    ]


def refuse_bad_start() -> None:
    """End this process with one clear text when a check of ours finds an error. Raises SystemExit(1)."""
    errors = [found for found in checks.run_checks(tags=[checks.Tags.security]) if found.level >= checks.ERROR]
    if errors:
        for error in errors:
            sys.stderr.write(f"{error}\n")
        raise SystemExit(1)


def _is_fernet_key(key: str) -> bool:
    try:
        Fernet(key)
    except ValueError:
        return False
    return True
