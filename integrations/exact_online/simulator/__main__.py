"""Runs the simulator as a service: `python -m integrations.exact_online.simulator --port 8090 --seed demo`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from integrations.simulation.service import dial, wait_for_the_end

from .seeds import SEEDS
from .simulator import Simulator
from .world import App


def main() -> None:
    choices = _parser().parse_args()
    simulator = _simulator(choices)
    if choices.dial:
        simulator.turn(**dict(choices.dial))
    app = _app(simulator, choices.redirect_uri, choices.client_id, choices.client_secret)
    with simulator:
        _announce(simulator, app)
        wait_for_the_end()


def _simulator(choices: argparse.Namespace) -> Simulator:
    """Raises SystemExit when what it is to begin with cannot be put in."""
    try:
        return Simulator(
            choices.seed, state=choices.state, relations=choices.relations, random_seed=choices.random_seed,
            host=choices.host, port=choices.port,
        )  # fmt: skip
    except (OSError, ValueError) as problem:
        raise SystemExit(f"The simulator has not started: {problem}") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="simulator", description="An Exact Online in a box. Not Exact Online.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8090, help="0 takes a free one (default 8090)")
    parser.add_argument("--state", type=Path, help="file to keep everything in, for the next start")
    parser.add_argument("--seed", default="", choices=["", *SEEDS], help="what to begin with, if there is nothing yet")
    parser.add_argument("--relations", type=Path, metavar="FILE", help="JSON, relations per division to put in with the seed")
    parser.add_argument("--random-seed", type=int, help="repeatable guids and tokens")
    parser.add_argument("--redirect-uri", help="register an API key with this redirect URL")
    parser.add_argument("--client-id", default="", help="its Client ID (default: made up)")
    parser.add_argument("--client-secret", default="", help="its Client secret (default: made up)")
    parser.add_argument("--dial", action="append", type=dial, metavar="NAME=VALUE", help="for example minute_limit=100")
    return parser


def _app(simulator: Simulator, redirect_uri: str | None, client_id: str, client_secret: str) -> App | None:
    """The API key that was asked for; on a restart the one there is."""
    if not redirect_uri:
        return None
    known = next((app for app in simulator.apps() if client_id in ("", app.client_id) and app.name == "Congressus"), None)
    if known is None:
        return simulator.add_app("Congressus", redirect_uri, client_id=client_id, client_secret=client_secret)
    changes = {"redirect_uri": redirect_uri} | ({"client_secret": client_secret} if client_secret else {})
    return simulator.change_app(known, **changes)


def _announce(simulator: Simulator, app: App | None) -> None:
    lines = [f"Exact Online simulator at {simulator.base_url}/ (App Center: {simulator.base_url}/app-center/)"]
    if app:
        lines.append(f"  Redirect URL  {app.redirect_uri}")
        lines.append(f"  Client ID     {app.client_id}")
        lines.append(f"  Client secret {app.client_secret}")
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
