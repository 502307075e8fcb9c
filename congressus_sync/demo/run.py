"""What `manage.py demo` becomes once everything is prepared: the supervisor, with the simulators of Congressus and Exact Online
among its programs.

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
# Files in the demonstration's folder.
PASSWORD, CLIENT_ID, CLIENT_SECRET, RELATIONS = "treasurer_password", "client_id", "client_secret", "relations.json"
API_KEY, MEMBERS = "congressus_api_key", "members.json"

WELCOME = """
The demonstration is ready.

  congressus_sync   {url}
                    user      treasurer
                    password  {password}
  Congressus        {congressus}
                    a simulator on this machine, with 250 members; 60 calls a minute, 1,000 an hour
  Exact Online      {exact}
                    a simulator on this machine, with the real limits: 60 calls a minute, 5,000 a day

Try this first
  1. Log in at {url}: the members are arriving from Congressus. See Settings > Integrations > Congressus.
  2. Go to Settings > Integrations > Exact Online > Add connection.
  3. Fill in this key, which the simulator knows already, and click Connect:
       Client ID      {client_id}
       Client secret  {client_secret}
     (Or register one of your own, as in step 1 of the page: {exact}/app-center/)
  4. Click Connect once more; the simulator asks for your consent: click Toestaan.
  5. Choose the financial administration, the Exact Online administration Studievereniging De Kern (1204501) and the statuses Lid and
     Alumnus. Click Save. Somebody kept books there before: sixty relations are there already.
  6. Click Compare with Exact. Some members are already the same, some certain, some for you to decide; nothing is written.
     Link all certain ones, decide the others (everything can be undone), and look at the dry run.
  7. Actions > Enable. Watch the relations arrive at {exact}; 60 a minute, so it takes about four minutes.
  8. Meanwhile open {congressus}, choose a member who is Lid or Alumnus and whose relation is in Exact Online, change the address and
     save: the change goes before the others and stands in Exact Online within five seconds.

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
    parser.add_argument("--congressus", required=True, type=int)
    parser.add_argument("--var", required=True, type=Path)
    options = parser.parse_args(arguments)
    programs = [
        simulator(options.var, options.simulator, options.redirect),
        congressus(options.var, options.congressus),
        serve.worker(options.var),
        serve.web(LOOPBACK, options.port),
    ]
    logs = options.var / "logs"
    return serve.supervise(programs, options.var, welcome(options, logs), logs)


def simulator(var: Path, port: int, redirect: str) -> Program:
    address = ("--host", LOOPBACK, "--port", str(port))
    key = ("--redirect-uri", redirect, "--client-id", _read(var / CLIENT_ID), "--client-secret", _read(var / CLIENT_SECRET))
    state = ("--state", str(var / "simulator_state"), "--seed", "demo", "--relations", str(var / RELATIONS))
    command = (sys.executable, "-m", "integrations.exact_online.simulator", *address, *state, *key)
    return Program("simulator", command, is_ready=partial(accepts_connections, LOOPBACK, port))


def congressus(var: Path, port: int) -> Program:
    address = ("--host", LOOPBACK, "--port", str(port))
    state = ("--state", str(var / "congressus_state"), "--seed", "demo", "--members", str(var / MEMBERS))
    command = (sys.executable, "-m", "integrations.congressus.simulator", *address, *state, "--api-key", _read(var / API_KEY))
    return Program("congressus", command, is_ready=partial(accepts_connections, LOOPBACK, port))


def welcome(options: argparse.Namespace, logs: Path) -> str:
    var = options.var
    return WELCOME.format(
        url=options.url,
        congressus=simulator_url(options.congressus),
        exact=simulator_url(options.simulator),
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
