"""The worker. Every choice here was learned by killing one.

A task is acknowledged when it is done, so a worker killed halfway gives it back; Redis hands it out again after
`visibility_timeout`, which therefore exceeds the longest task and the longest countdown. Long waits live in the database, not here.
"""

import os

from celery import Celery
from celery.signals import setup_logging, worker_init, worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "congressus_sync.settings")

FIRST_LOOK = 8.0  # seconds after a worker is ready

app = Celery("congressus_sync")
app.conf.update(
    broker_connection_retry_on_startup=True,
    broker_transport_options={
        "visibility_timeout": 600,
        # kombu looks for tasks of the dead only every 100 s by default
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "socket_connect_timeout": 2,
        "socket_timeout": 10,
    },
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    task_publish_retry_policy={"max_retries": 1, "interval_start": 0.05, "interval_step": 0.1, "interval_max": 0.1},
    task_soft_time_limit=300,
    task_time_limit=330,
    worker_prefetch_multiplier=1,
    worker_send_task_events=False,
    timezone="UTC",
    beat_schedule={
        # The bell may be lost, the minute may not: what is due is found here.
        "ring": {"task": "integrations.tasks.ring", "schedule": 60.0, "options": {"expires": 55}},
        "begin-statuses": {"task": "integrations.tasks.begin_statuses", "schedule": 60.0, "options": {"expires": 55}},
        "keep-tokens-alive": {"task": "integrations.tasks.keep_tokens_alive", "schedule": 3600.0, "options": {"expires": 3500}},
        "refresh-mirrors": {"task": "integrations.tasks.refresh_mirrors", "schedule": 86400.0, "options": {"expires": 80000}},
        "prune": {"task": "integrations.tasks.prune", "schedule": 86400.0, "options": {"expires": 80000}},
        "prune-imports": {"task": "members.tasks.prune_imports", "schedule": 86400.0, "options": {"expires": 80000}},
        "resume-imports": {"task": "members.tasks.resume_imports", "schedule": 60.0, "options": {"expires": 55}},
    },
)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def _keep_our_logs(**kwargs: object) -> None:
    """Celery would install its own handlers; those of Django are configured already."""


@worker_init.connect
def _refuse_bad_start(**kwargs: object) -> None:
    from congressus_sync.checks import refuse_bad_start

    refuse_bad_start()


@worker_ready.connect
def _look_at_once(**kwargs: object) -> None:
    """What came due while no worker was there need not wait for beat's first minute.

    A moment later, because whoever stops what has only just started should not find it in the middle of a task.
    """
    from integrations import bell

    bell.ring(countdown=FIRST_LOOK)
