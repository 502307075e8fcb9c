"""What arrives from Congressus: what walks cost us, how soon a webhook is answered, and how soon Exact Online knows.

Congressus and Exact Online run in processes of their own and limit nothing. Our own share of the calls cannot be turned off, so walks
get a clock that is a minute later each time it is spent; where real workers take part, nothing is spent before each measurement.
Each part runs in a process of its own, so memory is its own too: `python -m benchmarks.arrivals PART [MEMBERS]` repeats one.
"""

from __future__ import annotations

import http.client
import json
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from benchmarks import stage
from benchmarks.csv_import import peak_memory, write_file
from benchmarks.memory import free_port

if TYPE_CHECKING:
    from tests.associations import Association
    from tests.running import Processes
    from tests.worlds import World

MEMBERS = 10_000
CALLS = 500
STORM = 1_000
EDITS = 30
DEAD_BROKER = "redis://127.0.0.1:9/0"
WRITES = re.compile(r'(?:INSERT INTO|UPDATE|DELETE FROM) "(\w+)"')
NIGHTLY = 1440


# Walks --------------------------------------------------------------------------------------------------------------------


def walks(members: int = MEMBERS) -> None:
    """All new, nothing changed, a tenth changed; and what each of them sends to Exact Online."""
    # Our clock stands still while members are sent, that of Exact Online does not: its tokens must not end meanwhile.
    with stage.world(apart=True, access_token_seconds=86_400.0) as world, stage.association(world) as association:
        _populate(association, members)
        association.connect(every=NIGHTLY)
        connection = world.connection()
        for title, prepare in (
            ("new", int),
            ("unchanged", int),
            ("a tenth changed", lambda: _change(association, members // 10)),
        ):
            prepare()
            _walk(title, association)
            print(f"    then sent to Exact Online: {_drain(world, connection)}")


def flat(members: int) -> None:
    """Whether memory depends on how many there are."""
    with stage.world(apart=True) as world, stage.association(world) as association:
        _populate(association, members)
        association.connect(every=NIGHTLY)
        _walk(f"{members} new", association)
        print(f"    process at most {peak_memory():.0f} MB")


def _populate(association: Association, members: int) -> None:
    """Whole members, as an association has them; in pieces, or this process would hold all of them."""
    for start in range(1, members + 1, 500):
        numbers = range(start, min(start + 500, members + 1))
        association.there.add_members([_person(association, number) for number in numbers])


def _person(association: Association, number: int) -> dict[str, Any]:
    return {
        "username": str(number),
        "status": association.lid,
        "initials": "J.M.",
        "given_name": "Jan",
        "primary_last_name_prefix": "de",
        "primary_last_name_main": f"Vries {number}",
        "email": f"lid{number}@example.org",
        "phone_mobile": {"number": f"06{10_000_000 + number}"},
        "address": {"address": f"Dorpsstraat {number}", "zip": f"{1000 + number % 9000} AB", "city": "Delft"},
        "bank_account": {"iban": "NL91ABNA0417164300"},
    }


def _change(association: Association, members: int) -> None:
    from integrations.models import CongressusMember

    for pk in CongressusMember.objects.order_by("pk").values_list("pk", flat=True)[:members]:
        association.there.change_member(pk, address={"city": "Gouda"})


def _walk(title: str, association: Association) -> None:
    association.there.clear_calls()
    with _counted_writes() as writes, _time_waited() as waited:
        started, cpu = time.perf_counter(), time.process_time()
        walk = association.walk()
        wall, cpu = time.perf_counter() - started, time.process_time() - cpu
    lists, calls = len(association.there.calls(query={"order": "id"})), len(association.there.calls())
    print(
        f"  {title}: {wall:.1f} s, own time {wall - sum(waited):.1f} s (processor {cpu:.1f} s); {lists} list calls of {calls}; "
        f"{walk.outcome}: {walk.created} created, {walk.changed} changed, {walk.unchanged} unchanged"
    )
    print(f"    writing statements: {dict(writes)}")


def _drain(world: World, connection: Any) -> dict[str, int]:
    sent: Counter[str] = Counter()
    started = time.perf_counter()
    before = len(world.exact.calls(endpoint="crm/Accounts"))
    while done := world.drain(connection):
        sent.update(done)
    calls = len(world.exact.calls(endpoint="crm/Accounts")) - before
    return {**sent, "calls": calls, "seconds": round(time.perf_counter() - started)}


@contextmanager
def _counted_writes() -> Iterator[Counter[str]]:
    """table -> statements that wrote in it."""
    from django.db import connection

    writes: Counter[str] = Counter()

    def count(execute: Callable[..., Any], sql: str, *more: Any) -> Any:
        if found := WRITES.match(sql):
            writes[found[1]] += 1
        return execute(sql, *more)

    with connection.execute_wrapper(count):
        yield writes


@contextmanager
def _time_waited() -> Iterator[list[float]]:
    """Seconds of each exchange, from asking to the last byte."""
    from integrations import wire

    waited: list[float] = []
    send = wire.send

    def timed(*values: Any, **named: Any) -> wire.Answer:
        started = time.perf_counter()
        try:
            return send(*values, **named)
        finally:
            waited.append(time.perf_counter() - started)

    wire.send = timed
    try:
        yield waited
    finally:
        wire.send = send


def burst(members: int = 1_000) -> None:
    """So many edited at once in Congressus, each told by webhook: how much later all of them are here, at the share of an association."""
    with stage.world(apart=True) as world, stage.association(world) as association:
        from integrations.arrivals import webhook
        from integrations.congressus.hints import Hint
        from members.models import Member

        _populate(association, members)
        association.connect()
        association.walk()
        _change(association, members)
        association.there.clear_calls()
        association.later(seconds=30)
        began = world.moment
        for row in association.there.members():
            webhook.hear([Hint(row["id"], deleted=False)], world.moment)
        association.visit()
        while (left := Member.objects.exclude(city="Gouda").count()) and world.moment < began + timedelta(hours=3):
            world.later(seconds=62)
            association.visit()
        calls = association.there.calls()
        single = sum(call.endpoint == "members/{id}" for call in calls)
        minutes = (world.moment - began).total_seconds() / 60
        print(
            f"  {members} edited at once: after {minutes:.0f} minutes {left} are not here yet; {len(calls)} calls, "
            f"{single} of them for one member"
        )


# The webhook --------------------------------------------------------------------------------------------------------------


def answers() -> None:
    """How long Congressus waits for its answer, by a real web server: alone, while others write, and without a broker."""
    with stage.world(apart=True) as world, stage.association(world) as association:
        from tests.running import processes

        told = _told(association)
        with processes(world.exact.base_url) as running, _silent_broker() as silent:
            site = _web(running)
            _time_calls("idle", site, told)
            _time_calls("eight at once", site, told, at_once=8)
            _time_calls("broker's port closed", _web(running, CELERY_BROKER_URL=DEAD_BROKER), told)
            _time_calls("broker says nothing", _web(running, CELERY_BROKER_URL=silent), told)
            with _importing(running) as goes_on:
                _time_calls("during an import", site, told, goes_on)
            with _walking(running, association) as goes_on:
                _time_calls("during a walk", site, told, goes_on)


def _told(association: Association) -> list[tuple[int, bytes]]:
    """What Congressus would say of each member, once it is here."""
    pks = association.members(CALLS, start=1_000_001)
    association.connect(every=NIGHTLY)
    association.walk()
    rows = [association.there.member(pk) for pk in pks]
    event = {
        "webhook_id": 1,
        "webhook_event": "member_updated",
        "webhook_event_trigger": "member",
        "created": rows[0]["modified"],
    }
    return [(row["id"], json.dumps(event | {"data": {"member": row}}).encode()) for row in rows]


def _web(running: Processes, **environment: str) -> str:
    from congressus_sync.processes import accepts_connections
    from tests.running import eventually

    port = free_port()
    command = (sys.executable, "-m", "gunicorn", "--config", "python:congressus_sync.web", "--bind", f"127.0.0.1:{port}")
    running.start(*command, **environment)
    eventually(lambda: accepts_connections("127.0.0.1", port), within=60)
    return f"http://127.0.0.1:{port}"


def _time_calls(
    title: str, site: str, told: list[tuple[int, bytes]], goes_on: Callable[[], bool] = lambda: True, at_once: int = 1
) -> None:
    from integrations.models import CongressusConnection

    call = _caller(site)
    for _pk, body in told[:20]:  # whatever a server does only once
        call(body)
    with ThreadPoolExecutor(at_once) as pool:
        bodies = (body for _pk, body in islice(cycle(told), CALLS) if goes_on())
        answered = list(pool.map(call, bodies))
    waits = sorted(1000 * seconds for _status, seconds in answered)
    statuses = dict(Counter(status for status, _seconds in answered))
    heard = CongressusConnection.objects.exclude(webhook_heard_at=None).exists()
    print(f"  answered, {title}: {_spread(waits)} of {len(waits)}; {statuses}{'' if heard else ', not heard'}")


def _caller(site: str) -> Callable[[bytes], tuple[int, float]]:
    """Calls as Congressus does, each on a connection of its own; status and seconds."""
    from integrations.arrivals import webhook
    from integrations.models import CongressusConnection

    given = webhook.by_hand(CongressusConnection.objects.get())
    path, place = urlsplit(given.url).path, urlsplit(site)
    headers = {"Content-Type": "application/json", given.header: given.value}

    def call(body: bytes) -> tuple[int, float]:
        started = time.perf_counter()
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=30)
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status, time.perf_counter() - started

    return call


def _spread(sorted_milliseconds: list[float]) -> str:
    waits = sorted_milliseconds
    return f"median {statistics.median(waits):.0f} ms, p95 {waits[int(len(waits) * 0.95)]:.0f} ms, at most {waits[-1]:.0f} ms"


@contextmanager
def _silent_broker() -> Iterator[str]:
    """One that takes every connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as server:
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"


@contextmanager
def _importing(running: Processes) -> Iterator[Callable[[], bool]]:
    """Somebody takes in 20,000 members from a file meanwhile; whether that still goes on."""
    from members.models import Member
    from tests.running import eventually

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "members.csv"
        write_file(path, 20_000)
        before = Member.objects.count()
        process = running.start(sys.executable, "manage.py", "import_members", str(path), "--create-statuses")
        eventually(lambda: Member.objects.count() > before, within=60)
        yield lambda: process.poll() is None
        running.kill(process)


@contextmanager
def _walking(running: Processes, association: Association) -> Iterator[Callable[[], bool]]:
    """A walk takes in new members in another process meanwhile."""
    from integrations.models import CongressusWalk
    from tests.running import eventually

    association.members(MEMBERS, start=2_000_001)
    process = running.start(sys.executable, "-m", "benchmarks.arrivals", "steps")
    eventually(lambda: CongressusWalk.objects.going().filter(created__gt=0).exists(), within=60)
    yield lambda: process.poll() is None
    running.kill(process)
    CongressusWalk.objects.going().update(ended_at=association.world.moment, outcome="stopped")


def steps() -> None:
    """A walk and nothing else in the database of whoever started this; a visit would first read all who were heard of, one by one."""
    import django

    django.setup()
    from django.utils import timezone

    from integrations.arrivals import walk
    from integrations.arrivals.calls import Calls
    from integrations.models import CongressusConnection

    connection, began = CongressusConnection.objects.get(), timezone.now()
    minutes = iter(range(1_000_000))
    calls = Calls(connection, lambda: began + timedelta(minutes=next(minutes)))
    going = walk.start(connection, None)
    while going.is_going:
        walk.step(going, calls)


def storm() -> None:
    """So many calls for one member, beside a worker that reads: how often is it asked for?"""
    with stage.world(apart=True) as world, stage.association(world) as association:
        from integrations.models import CongressusMember
        from tests.running import eventually, processes

        pk, body = _told(association)[0]
        with processes(world.exact.base_url) as running:
            call = _caller(_web(running))
            running.worker()
            _nothing_spent()
            association.there.clear_calls()
            started = time.time()
            statuses = Counter(call(body)[0] for _number in range(STORM))
            lasted = time.time() - started
            eventually(lambda: not CongressusMember.objects.to_read(world.now()).exists(), within=150)
        fetches = [call.at - started for call in association.there.calls(object_id=pk)]
        print(
            f"  {STORM} calls for one member in {lasted:.1f} s, {dict(statuses)}: {len(fetches)} fetches, "
            f"the first after {fetches[0]:.2f} s, the last after {fetches[-1]:.1f} s"
        )


def _nothing_spent() -> None:
    from django.utils import timezone

    from integrations.models import CongressusConnection

    now = timezone.now()
    CongressusConnection.objects.update(
        minute_calls=0, hour_calls=0, resume_at=None, bulk_resume_at=None, polled_at=now, statuses_read_at=now, walked_at=now
    )


# From Congressus to Exact Online ------------------------------------------------------------------------------------------


def through() -> None:
    """From an edit in Congressus to the PUT at Exact Online: webhook, web server, broker, worker, all of them real."""
    with stage.world(apart=True) as world, stage.association(world) as association:
        from django.conf import settings

        from integrations.arrivals import webhook
        from tests.running import processes

        pks = association.members(EDITS)
        association.connect(every=NIGHTLY, share=100)
        association.walk()
        _drain(world, world.connection())
        with processes(world.exact.base_url) as running:
            settings.PUBLIC_URL = _web(running)
            running.worker()
            webhook.register(association.connection)
            _nothing_spent()
            took = [_edit(world, association, pk) for pk in pks]
        for title, seconds in zip(("fetched", "PUT at Exact Online"), zip(*took, strict=True), strict=True):
            print(f"  edit in Congressus to {title}: {_spread(sorted(1000 * each for each in seconds))}")


def _edit(world: World, association: Association, pk: int) -> tuple[float, float]:
    """Seconds until the member was asked for, and until the relation was written."""
    from tests.running import eventually

    world.exact.clear_log()
    association.there.clear_calls()
    started = time.time()
    association.there.change_member(pk, address={"city": "Gouda"})
    eventually(lambda: world.exact.calls(method="PUT"), within=90)
    fetched, written = association.there.calls(object_id=pk)[0].at, world.exact.calls(method="PUT")[0].at
    time.sleep(0.1)
    return fetched - started, written - started


# --------------------------------------------------------------------------------------------------------------------------

PARTS: dict[str, Callable[..., None]] = {
    "walks": walks, "flat": flat, "burst": burst, "answers": answers, "storm": storm, "through": through, "steps": steps,
}  # fmt: skip


def main() -> None:
    if len(sys.argv) > 1:
        PARTS[sys.argv[1]](*map(int, sys.argv[2:]))
        return
    for part in (("flat", "2000"), ("flat", "50000"), ("walks",), ("burst",), ("answers",), ("storm",), ("through",)):
        subprocess.run([sys.executable, "-m", "benchmarks.arrivals", *part], check=False)


if __name__ == "__main__":
    main()
