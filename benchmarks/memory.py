"""The idle stack of `make serve`: memory of all its processes, shared pages counted once (PSS), and the time to the first page."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import closing, suppress
from pathlib import Path


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def descendants(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = stat.read_text().rsplit(")", 1)[1].split()
            children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found, queue = [], [pid]
    while queue:
        found.append(queue.pop())
        queue += children.get(found[-1], [])
    return found


def pss(pid: int) -> float:
    """MB."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0


def main() -> None:
    if sys.platform != "linux":
        print("  measured on Linux only")
        return
    port = free_port()
    with tempfile.TemporaryDirectory() as var:
        environment = {key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "DJANGO_SETTINGS_MODULE")}
        started = time.perf_counter()
        serve = subprocess.Popen(
            [sys.executable, "manage.py", "serve"], env=environment | {"VAR_DIR": var, "PORT": str(port)}, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        while True:
            with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/health/", timeout=5) as answer:
                if answer.status == 200:
                    break
            if time.perf_counter() - started > 60:
                print("  it did not start")
                break
            time.sleep(0.1)
        ready = time.perf_counter() - started
        time.sleep(10)
        total = sum(pss(pid) for pid in descendants(serve.pid))
        serve.send_signal(signal.SIGTERM)
        serve.wait(timeout=120)
    print(f"  fresh database to first page {ready:.1f} s; idle stack {total:.0f} MB")


if __name__ == "__main__":
    main()
