"""What must be there before the first page: tables, and static files with their fingerprints.

Done at every start by `serve` and `demo`, so it is quick when there is nothing to do. In a container the image holds the static
files, and a one-shot service migrates.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command


def database() -> None:
    call_command("migrate", interactive=False, verbosity=0)


def static_files() -> None:
    """Collected again only when a source is newer than the manifest: it takes a second that most starts need not wait."""
    folder = Path(settings.STATIC_ROOT)
    folder.mkdir(parents=True, exist_ok=True)
    with _alone_in(folder):
        manifest = folder / "staticfiles.json"
        made = manifest.stat().st_mtime if manifest.exists() else 0.0
        if any(changed > made for changed in _times_of_sources()):
            call_command("collectstatic", interactive=False, verbosity=0)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Two starts at once, of an installation and of the demonstration, share this folder."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _times_of_sources() -> Iterator[float]:
    """Inode times, not modification times: a package installed today carries files dated as its author left them."""
    for finder in get_finders():
        for path, storage in finder.list([]):
            yield os.stat(storage.path(path)).st_ctime
