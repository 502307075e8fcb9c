"""`make bench`: what it costs Exact Online and this machine. Figures, no verdicts; each measurement in a process of its own.

PostgreSQL is measured too where BENCH_POSTGRES_URL says where one is, or one answers on this machine.
"""

import os
import socket
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path


def postgres_url() -> str:
    url = os.environ.get("BENCH_POSTGRES_URL", "")
    with closing(socket.socket()) as probe:
        probe.settimeout(1)
        here = not url and probe.connect_ex(("127.0.0.1", 5432)) == 0
    return "postgres://postgres@127.0.0.1:5432/postgres" if here else url


def run(module: str, database_url: str) -> None:
    environment = os.environ | {"DATABASE_URL": database_url, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    environment.pop("CELERY_BROKER_URL", None)
    subprocess.run([sys.executable, "-m", f"benchmarks.{module}"], env=environment, check=False)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        databases = {"SQLite": f"sqlite:///{Path(folder) / 'bench.sqlite3'}", "PostgreSQL": postgres_url()}
        for name, url in databases.items():
            if not url:
                print(f"\n{name}: none here")
                continue
            for module in ("calls", "own_time", "latency", "overlap", "first_link", "arrivals", "storm"):
                print(f"\n{name}, {module}")
                run(module, url)
        for module in ("csv_import", "matching", "memory"):
            print(f"\nSQLite, {module}")
            run(module, databases["SQLite"])


if __name__ == "__main__":
    main()
