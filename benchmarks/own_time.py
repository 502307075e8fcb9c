"""Our own time per push: the wall clock of a drain minus what was spent in HTTP."""

import statistics
import time

from benchmarks import stage

MEMBERS = 500


def main() -> None:
    with stage.world(apart=True) as world:
        from integrations import push
        from integrations.drain import Drain

        connection = world.connection()
        took: list[float] = []
        drain_one = Drain._push_one
        http = [0.0]
        ask = push.AuthorizedClient.call

        def timed_call(self, question, note):  # type: ignore[no-untyped-def]
            before = self.client.http_seconds
            try:
                return ask(self, question, note)
            finally:
                http[0] += self.client.http_seconds - before

        def timed(self, pk, *, by_person):  # type: ignore[no-untyped-def]
            http[0], started = 0.0, time.perf_counter()
            drain_one(self, pk, by_person=by_person)
            took.append(time.perf_counter() - started - http[0])

        Drain._push_one, push.AuthorizedClient.call = timed, timed_call  # type: ignore[method-assign]
        for title in ("created", "changed"):
            world.members(MEMBERS) if title == "created" else _change_all()
            took.clear()
            started = time.perf_counter()
            while sum(world.drain(connection).values()):
                pass
            wall = time.perf_counter() - started
            milliseconds = sorted(1000 * seconds for seconds in took)
            print(
                f"  {title}: median {statistics.median(milliseconds):.1f} ms, p95 {milliseconds[int(len(took) * 0.95)]:.1f} ms own time; "
                f"{len(took) / wall:.0f} pushes/s with the simulator beside it"
            )


def _change_all() -> None:
    from members.models import Member

    Member.objects.update(city="Delft", changed_via="import")


if __name__ == "__main__":
    main()
