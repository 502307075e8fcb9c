"""How gunicorn runs us, under `serve` and in a container alike: `gunicorn --config python:congressus_sync.web ...`.

The application is loaded once and then forked: the workers share its memory, and a bad configuration ends the start instead of
making workers that die one after another. Threads are plenty: a request either asks the database or waits for Exact Online.
"""

import gc
from pathlib import Path
from typing import Any

wsgi_app = "congressus_sync.wsgi:application"
workers = 2
threads = 4
preload_app = True
timeout = 60  # the way back from Exact Online waits for its answer, at most 30 s
graceful_timeout = 30
# The heartbeat is a file: on a slow disk it would stop a healthy worker.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
# Requests are logged by the application, without their query; the control socket would be a second way in.
accesslog = None
loglevel = "warning"
control_socket_disable = True


def on_starting(server: Any) -> None:
    """Load now what the first request and the first message would load in each worker again. Then freeze: the garbage collector
    would otherwise write in every page that is shared, and so copy it."""
    import kombu.transport.redis  # noqa: F401
    from django.urls import get_resolver

    get_resolver().url_patterns  # noqa: B018  (loads all views)
    gc.collect()
    gc.freeze()
