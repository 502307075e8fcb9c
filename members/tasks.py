"""What the worker does for members; each is a handle on a function that knows how."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from members import uploads
from members.models import MemberImport

# Long enough to look back at last quarter's import, no longer: a report names members.
KEPT = timedelta(days=90)


@shared_task
def import_members(import_id: int) -> str:
    return uploads.run(import_id, publish=import_members.delay)


@shared_task
def resume_imports() -> int:
    """Whatever was not taken, or was left behind by a worker that died, is published again."""
    waiting = list(MemberImport.objects.waiting().values_list("pk", flat=True))
    for pk in waiting:
        import_members.delay(pk)
    return len(waiting)


@shared_task
def prune_imports() -> int:
    deleted, _per_model = MemberImport.objects.finished_before(timezone.now() - KEPT).delete()
    return deleted
