"""Keys on disk: made once, for this user's eyes, and never touched again."""

import stat
from pathlib import Path

from cryptography.fernet import Fernet

from congressus_sync import keys


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_keys_are_made_where_there_are_none(tmp_path: Path) -> None:
    folder = tmp_path / "var" / "keys"

    assert keys.ensure(folder)

    assert set(contents(folder)) == {"secret_key", "field_encryption_keys"}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    Fernet(keys.read(folder / "field_encryption_keys"))  # refuses what is no key
    assert len(keys.read(folder / "secret_key")) >= 50


def test_keys_that_are_there_stay(tmp_path: Path) -> None:
    keys.ensure(tmp_path)
    before = contents(tmp_path)

    assert not keys.ensure(tmp_path)

    assert contents(tmp_path) == before


def test_only_the_missing_key_is_made(tmp_path: Path) -> None:
    (tmp_path / "field_encryption_keys").write_text("mine\n")

    assert keys.ensure(tmp_path)

    assert keys.read(tmp_path / "field_encryption_keys") == "mine"
    assert keys.read(tmp_path / "secret_key")


def test_two_installations_have_different_keys(tmp_path: Path) -> None:
    keys.ensure(tmp_path / "one")
    keys.ensure(tmp_path / "other")

    assert not set(contents(tmp_path / "one").values()) & set(contents(tmp_path / "other").values())


def test_a_key_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert keys.read(tmp_path / "secret_key") == ""
