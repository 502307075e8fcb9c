"""Keys on disk, for the installation that has no environment of its own.

Only `serve` makes them, and only beside the bundled SQLite database: keys and database then live and are backed up together.
"""

import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet


def read(path: Path) -> str:
    """The content of a key file, or "" where there is none."""
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        return ""


def new_secret_key() -> str:
    return secrets.token_urlsafe(50)


def ensure(directory: Path) -> bool:
    """Make the keys that are not there yet, readable by this user alone; tells whether any was made. Existing ones stay."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = [
        write_once(directory / "secret_key", new_secret_key()),
        write_once(directory / "field_encryption_keys", Fernet.generate_key().decode()),
    ]
    return any(made)


def write_once(path: Path, text: str) -> bool:
    """Write a secret that no one else may read, unless the file is there already; tells whether it was written."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w") as file:
        file.write(text + "\n")
    return True
