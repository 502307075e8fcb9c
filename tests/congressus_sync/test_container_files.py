"""The files for containers, read as text: the suite has no container engine, so that they build and start is not shown here."""

import ast
import importlib
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
OURS = ("migrate", "web", "worker", "beat")
# Named in .env.example, though not read by the settings.
OF_COMPOSE = {"POSTGRES_PASSWORD"}
OF_DEMO = {"SIMULATOR_PORT", "CONGRESSUS_SIMULATOR_PORT"}


def text(name: str) -> str:
    return (ROOT / name).read_text()


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    return yaml.safe_load(text("docker-compose.yml"))["services"]


def instructions() -> list[tuple[str, str]]:
    lines = re.sub(r"\\\n\s*", " ", text("Dockerfile")).splitlines()
    return [(line.split()[0], line.partition(" ")[2]) for line in lines if line and not line.startswith("#")]


def the_last(instruction: str) -> str:
    return [words for name, words in instructions() if name == instruction][-1]


def settings_read() -> set[str]:
    """The names congressus_sync.settings asks the environment for."""
    calls = [node for node in ast.walk(ast.parse(text("congressus_sync/settings.py"))) if isinstance(node, ast.Call)]
    asked = [call for call in calls if isinstance(call.func, ast.Attribute) and getattr(call.func.value, "id", "") == "env"]
    return {ast.literal_eval(call.args[0]) for call in asked}


# The image


def test_the_image_does_not_run_as_root() -> None:
    names = [name for name, _ in instructions()]

    assert the_last("USER") not in ("root", "0")
    assert names.index("USER") > max(number for number, name in enumerate(names) if name in ("COPY", "RUN"))


def test_the_image_installs_what_was_locked() -> None:
    [install] = [words for name, words in instructions() if name == "RUN" and "pip install" in words]

    assert "--require-hashes" in install
    assert "requirements/base.txt" in install


def test_the_image_says_whether_it_is_well() -> None:
    command = yaml.safe_load(the_last("HEALTHCHECK").partition("CMD ")[2])

    assert "/health/" in command[-1]
    compile(command[-1], "HEALTHCHECK", "exec")


def test_the_image_serves_with_the_settings_serve_uses(services: dict[str, dict[str, Any]]) -> None:
    command = yaml.safe_load(the_last("CMD"))

    assert command[:3] == ["gunicorn", "--config", "python:congressus_sync.web"]
    assert "command" not in services["web"]


def test_nothing_private_goes_into_the_image() -> None:
    ignored = text(".dockerignore").splitlines()

    assert "var/" in ignored
    assert ".*" in ignored  # .env, .git, .venv
    assert not [name for name in ignored if name.startswith("!") and "env" in name]


@pytest.mark.parametrize(
    "name", ["Dockerfile", "docker-compose.yml", "Makefile", ".ci/run", "requirements/base.txt", "requirements/dev.txt"]
)
def test_no_package_index_is_named(name: str) -> None:
    """The index is the machine's own choice."""
    assert not re.search(r"(?<!no-emit-)index-url|find-links|trusted-host|https?://(?!127\.0\.0\.1|localhost)", text(name))


# The composition


def test_everything_is_there(services: dict[str, dict[str, Any]]) -> None:
    assert set(services) == {*OURS, "postgres", "redis"}


@pytest.mark.parametrize("name", OURS)
def test_commands_name_what_exists(services: dict[str, dict[str, Any]], name: str) -> None:
    command = " ".join(services[name].get("command") or yaml.safe_load(the_last("CMD")))
    modules = re.findall(r"\bcongressus_sync\.\w+", command)

    assert modules or "manage.py migrate" in command
    for module in modules:
        importlib.import_module(module)


def test_what_must_wait_waits(services: dict[str, dict[str, Any]]) -> None:
    assert services["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    for name in ("web", "worker", "beat"):
        assert services[name]["depends_on"] == {
            "migrate": {"condition": "service_completed_successfully"},
            "postgres": {"condition": "service_healthy"},
            "redis": {"condition": "service_healthy"},
        }


def test_all_that_stays_up_is_watched_and_started_again(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        if name == "migrate":
            assert service["restart"] == "no"
            continue
        assert service["restart"] == "unless-stopped"
        assert name == "web" or service["healthcheck"]["test"]  # web: that of the image


def test_our_containers_can_write_nowhere_and_become_nobody(services: dict[str, dict[str, Any]]) -> None:
    for name in OURS:
        assert services[name]["read_only"] is True
        assert services[name]["cap_drop"] == ["ALL"]
        assert "user" not in services[name]  # that of the image


def test_a_synchronization_gets_to_its_end_before_the_container_is_killed(services: dict[str, dict[str, Any]]) -> None:
    from congressus_sync.serve import WORKER_GRACE

    assert int(services["worker"]["stop_grace_period"].removesuffix("s")) >= WORKER_GRACE


def test_no_secret_is_written_down(services: dict[str, dict[str, Any]]) -> None:
    """Each comes from .env, and a missing one ends the start with a sentence."""
    for service in services.values():
        for name, value in service.get("environment", {}).items():
            if "PASSWORD" in name or ("://" in value and "@" in value):
                assert "${POSTGRES_PASSWORD:?" in value
    for name in ("SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "POSTGRES_PASSWORD"):
        assert f"\n{name}=\n" in text(".env.example")


def test_only_this_machine_reaches_the_web_server_without_its_proxy(services: dict[str, dict[str, Any]]) -> None:
    published = [port for service in services.values() for port in service.get("ports", [])]

    assert len(published) == 1
    assert published[0].startswith("127.0.0.1:")


def test_the_example_names_every_setting_and_no_other() -> None:
    named = re.findall(r"^#?([A-Z][A-Z_]+)=", text(".env.example"), flags=re.MULTILINE)

    assert len(named) == len(set(named))
    assert set(named) == settings_read() | OF_COMPOSE | OF_DEMO
