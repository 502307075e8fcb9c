"""The worker under `serve`, with the scheduler inside it: `python -m congressus_sync.worker --schedule FILE`.

Celery's own command line does the same, but brings an interactive shell along, 20 MB in each of four processes. What is imported
is frozen before these are forked: the garbage collector would otherwise write in every shared page, and so copy it.
"""

import argparse
import gc
from collections.abc import Sequence

from congressus_sync.celery import app


def main(arguments: Sequence[str] | None = None) -> int:
    """Until SIGTERM; the job that runs is finished first. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m congressus_sync.worker")
    parser.add_argument("--schedule", required=True, help="file in which the scheduler keeps when it last did what")
    options = parser.parse_args(arguments)
    worker = app.Worker(
        beat=True,
        schedule_filename=options.schedule,
        concurrency=2,
        without_gossip=True,
        without_mingle=True,
        loglevel="INFO",
        quiet=True,
    )
    gc.collect()
    gc.freeze()
    worker.start()
    return int(worker.exitcode or 0)


if __name__ == "__main__":
    raise SystemExit(main())
