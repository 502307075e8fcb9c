"""What `manage.py demo` becomes once everything is prepared: the supervisor, with the simulator of Exact Online among its
programs.

Like `congressus_sync.serve` it knows no Django.
"""

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from congressus_sync import serve
from congressus_sync.processes import Program, accepts_connections

LOOPBACK = "127.0.0.1"
PASSWORD, CLIENT_ID, CLIENT_SECRET, RELATIONS = "treasurer_password", "client_id", "client_secret", "relations.json"  # files

WELCOME = """
The demonstration is ready.

  congressus_sync   {url}
                    user      treasurer
                    password  {password}
  Exact Online      {exact}
                    a simulator on this machine, with the real limits: 60 calls a minute, 5,000 a day

Try this first
  1. Log in at {url} and go to Settings > Integrations > Exact Online > Add connection.
  2. Fill in this key, which the simulator knows already, and click Connect:
       Client ID      {client_id}
       Client secret  {client_secret}
     (Or register one of your own, as in step 1 of the page: {exact}/app-center/)
  3. Click Connect once more; the simulator asks for your consent: click Toestaan.
  4. Choose the financial administration, the Exact Online administration Studievereniging De Kern (1204501) and the statuses Lid and
     Alumnus. Click Save. Somebody kept books there before: sixty relations are there already.
  5. Click Compare with Exact. Some members are already the same, some certain, some for you to decide; nothing is written.
     Link all certain ones, decide the others (everything can be undone), and look at the dry run.
  6. Actions > Enable. Watch the relations arrive at {exact}; 60 a minute, so it takes about four minutes.
  7. Meanwhile change the address of a member who is Lid or Alumnus: it goes before the others and is there within two seconds.
     One member has no name at all: see what the connection's page says of that.

Data: {var} (remove that folder to begin anew); what the programs say: {logs}
Stop with Ctrl-C; the next start goes on where this one ended.
"""


def simulator_url(port: int) -> str:
    return f"http://{LOOPBACK}:{port}"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m congressus_sync.demo.run")
    parser.add_argument("--port", required=True, type=int)
    parser.add_argument("--url", required=True)
    parser.add_argument("--redirect", required=True)
    parser.add_argument("--simulator", required=True, type=int)
    parser.add_argument("--var", required=True, type=Path)
    options = parser.parse_args(arguments)
    programs = [
        simulator(options.var, options.simulator, options.redirect),
        serve.worker(options.var),
        serve.web(LOOPBACK, options.port),
    ]
    logs = options.var / "logs"
    return serve.supervise(programs, options.var, welcome(options.var, logs, options.url, options.simulator), logs)


def simulator(var: Path, port: int, redirect: str) -> Program:
    address = ("--host", LOOPBACK, "--port", str(port))
    key = ("--redirect-uri", redirect, "--client-id", _read(var / CLIENT_ID), "--client-secret", _read(var / CLIENT_SECRET))
    state = ("--state", str(var / "simulator_state"), "--seed", "demo", "--relations", str(var / RELATIONS))
    command = (sys.executable, "-m", "integrations.exact_online.simulator", *address, *state, *key)
    return Program("simulator", command, is_ready=partial(accepts_connections, LOOPBACK, port))


def welcome(var: Path, logs: Path, url: str, port: int) -> str:
    return WELCOME.format(
        url=url,
        exact=simulator_url(port),
        password=_read(var / PASSWORD) or "the one you chose",
        client_id=_read(var / CLIENT_ID),
        client_secret=_read(var / CLIENT_SECRET),
        var=var,
        logs=logs,
    )


def _read(path: Path) -> str:
    return path.read_text().strip() if path.exists() else ""


if __name__ == "__main__":
    raise SystemExit(main())
