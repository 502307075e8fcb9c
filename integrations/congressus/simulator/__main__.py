"""Runs the simulator as a service: `python -m integrations.congressus.simulator --port 8091 --seed demo`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from integrations.simulation.service import dial, wait_for_the_end

from .seeds import SEEDS
from .simulator import Simulator


def main() -> None:
    choices = _parser().parse_args()
    simulator = _simulator(choices)
    if choices.dial:
        simulator.turn(**dict(choices.dial))
    with simulator:
        sys.stdout.write(f"Congressus simulator at {simulator.base_url}/\n  API key  {choices.api_key or simulator.key}\n")
        sys.stdout.flush()
        wait_for_the_end()


def _simulator(choices: argparse.Namespace) -> Simulator:
    """Raises SystemExit when what it is to begin with cannot be put in."""
    try:
        return Simulator(
            choices.seed, state=choices.state, members=choices.members, api_key=choices.api_key,
            random_seed=choices.random_seed, host=choices.host, port=choices.port,
        )  # fmt: skip
    except (OSError, ValueError, KeyError) as problem:
        raise SystemExit(f"The simulator has not started: {problem}") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="simulator", description="A Congressus in a box. Not Congressus.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8091, help="0 takes a free one (default 8091)")
    parser.add_argument("--state", type=Path, help="file to keep everything in, for the next start")
    parser.add_argument("--seed", default="", choices=["", *SEEDS], help="what to begin with, if there is nothing yet")
    parser.add_argument(
        "--members", type=Path, metavar="FILE", help="JSON, association, statuses and members to put in with the seed"
    )
    parser.add_argument("--api-key", default="", help="a key it knows (default: made up)")
    parser.add_argument("--random-seed", type=int, help="repeatable keys")
    parser.add_argument("--dial", action="append", type=dial, metavar="NAME=VALUE", help="for example minute_limit=100")
    return parser


if __name__ == "__main__":
    main()
