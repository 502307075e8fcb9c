"""What somebody sees who runs it in a terminal, kills parts of it, and stops it."""

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from kombu import Connection

from congressus_sync import broker
from congressus_sync.celery import app
from tests.congressus_sync.terminal import ROOT, a_clean_environment, a_free_port, command_line, running, status_of
from tests.running import eventually


def a_terminal_says(command: str, **environment: object) -> tuple[int, str]:
    """Exit status and words of a command that ends by itself."""
    done = subprocess.run(
        [sys.executable, "manage.py", *command.split()],
        cwd=ROOT,
        env=a_clean_environment(**environment),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def environment_of(process: int) -> dict[str, str]:
    entries = Path(f"/proc/{process}/environ").read_bytes().decode().split("\0")
    return dict(entry.split("=", 1) for entry in entries if "=" in entry)


def folder_of(broker_url: str) -> Path:
    """Where the socket of the embedded broker is."""
    return Path(broker_url.removeprefix("redis+socket://")).parent


def a_job_for(broker_url: str) -> str:
    """Publish a job as a page does; its id."""
    with Connection(broker_url) as connection:
        return str(app.send_task("integrations.tasks.ring", connection=connection).id)


@pytest.mark.worker
def test_one_terminal_runs_everything_mends_it_and_leaves_nothing_behind(tmp_path: Path) -> None:
    port = a_free_port()
    with running("serve", tmp_path, VAR_DIR=tmp_path / "var", PORT=port) as serve:
        said = serve.says("congressus_sync is ready")
        assert f"http://localhost:{port}" in said
        assert str(tmp_path / "var" / "db.sqlite3") in said
        assert "createsuperuser" in said  # nobody can log in yet
        assert status_of(f"http://127.0.0.1:{port}/health/") == 200

        for name in ("secret_key", "field_encryption_keys"):
            assert stat.S_IMODE((tmp_path / "var" / "keys" / name).stat().st_mode) == 0o600
        for name in ("secret_key", "field_encryption_keys"):
            assert (tmp_path / "var" / "keys" / name).read_text().strip() not in said

        [worker] = serve.running("congressus_sync.worker")
        broker_url = environment_of(worker)["CELERY_BROKER_URL"]
        serve.says(f"{a_job_for(broker_url)}] succeeded")
        forked_by_it = [number for number in serve.processes() if number != worker and "worker" in command_line(number)]
        assert len(forked_by_it) == 3  # two that work and the scheduler

        os.kill(worker, signal.SIGKILL)
        eventually(
            lambda: serve.running("congressus_sync.worker") not in ([], [worker]), within=10, why="no other worker was started"
        )
        assert not any(command_line(number) for number in forked_by_it)
        serve.says(f"{a_job_for(broker_url)}] succeeded")
        assert "The worker was ended by SIGKILL; it is started again in 1 s." in serve.said

        everything = serve.processes()
        assert serve.stop() == 0
        assert not [line for number in everything if (line := command_line(number))]
        assert not folder_of(broker_url).exists()
        assert status_of(f"http://127.0.0.1:{port}/health/") == 0


@pytest.mark.worker
def test_what_it_started_ends_with_it_even_when_it_is_killed(tmp_path: Path) -> None:
    with running("serve", tmp_path, VAR_DIR=tmp_path / "var", PORT=a_free_port()) as serve:
        serve.says("congressus_sync is ready")
        [worker] = serve.running("congressus_sync.worker")
        folder = folder_of(environment_of(worker)["CELERY_BROKER_URL"])
        # itself, broker, worker, web and what they fork; a busy machine may still be at that
        eventually(lambda: len(serve.processes()) >= 5, why="not everything was started")
        everything = serve.processes()

        serve.stop(signal.SIGKILL)

        eventually(lambda: not any(command_line(number) for number in everything), why="something outlived it")
        shutil.rmtree(folder)  # nobody was left to do that


def test_a_database_of_ones_own_asks_for_keys_of_ones_own(tmp_path: Path) -> None:
    var = tmp_path / "var"

    status, said = a_terminal_says("serve", VAR_DIR=var, PORT=a_free_port(), DATABASE_URL=f"sqlite:///{tmp_path / 'own.sqlite3'}")

    assert status == 1
    assert "congressus_sync.E001" in said
    assert "SECRET_KEY is not set" in said
    assert "Set SECRET_KEY in the environment" in said
    assert "Traceback" not in said
    assert not (var / "keys").exists()


def test_a_port_that_is_taken_is_told_in_a_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        status, said = a_terminal_says("serve", VAR_DIR=tmp_path / "var", PORT=port)

    assert status == 1
    assert f"Port {port} on 127.0.0.1 cannot be used" in said
    assert "Traceback" not in said
    assert not (tmp_path / "var" / "keys").exists()  # nothing was begun


def test_an_address_that_is_none_is_told_in_a_sentence(tmp_path: Path) -> None:
    status, said = a_terminal_says("serve --bind 127.0.0.1:http", VAR_DIR=tmp_path / "var")

    assert status == 1
    assert "Write it as 127.0.0.1:8000" in said


# The broker ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def a_machine_without_servers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with nothing on it, and no wheel. Programs put in the folder are found."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(broker, "find_spec", lambda name: None)
    return tmp_path


def put(folder: Path, name: str, script: str) -> Path:
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return program


def test_without_any_server_it_says_what_to_install(a_machine_without_servers: Path) -> None:
    with pytest.raises(broker.NoBroker, match=r"apt install redis-server.*CELERY_BROKER_URL"):
        broker.find_server()


def test_a_server_on_the_path_will_do(a_machine_without_servers: Path) -> None:
    redis = put(a_machine_without_servers, "redis-server", "exit 0")

    assert broker.find_server() == redis


def test_a_server_that_cannot_run_here_is_passed_over(a_machine_without_servers: Path) -> None:
    put(a_machine_without_servers, "valkey-server", "exit 127")
    redis = put(a_machine_without_servers, "redis-server", "exit 0")

    assert broker.find_server() == redis


def test_a_long_temporary_folder_does_not_make_the_socket_unusable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    monkeypatch.setattr(broker.tempfile, "tempdir", str(deep))

    made = broker.Broker.embedded()
    try:
        process = subprocess.Popen(made.command)
        try:
            eventually(made.answers, why="the broker did not answer")
            assert stat.S_IMODE(made.folder.stat().st_mode) == 0o700
        finally:
            process.terminate()
            process.wait(timeout=10)
        assert {path.name for path in made.folder.iterdir()} <= {"broker.sock", "broker.log"}  # nothing was kept
    finally:
        made.remove()
    assert not made.folder.exists()
    assert not list(deep.iterdir())
