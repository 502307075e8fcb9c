"""The door of the web server."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "congressus_sync.settings")

application = get_wsgi_application()

from congressus_sync.checks import refuse_bad_start  # noqa: E402  (needs the applications loaded)

refuse_bad_start()
