"""From a person's save to the PUT at Exact, with an idle worker and a real broker."""

import statistics
import time

from benchmarks import stage

EDITS = 40


def main() -> None:
    with stage.world() as world:
        from tests.running import eventually, processes

        world.connection()
        with processes(world.exact.base_url) as running:
            running.worker()
            member = world.member("7")
            eventually(lambda: "7" in world.relations())
            waits = []
            for number in range(EDITS):
                started = time.time()
                world.edit(member, city=f"City {number}")
                eventually(lambda count=number + 1: len(world.exact.calls("PUT")) >= count)
                waits.append(world.exact.calls("PUT")[-1].at - started)
                time.sleep(0.05)
            waits.sort()
            print(
                f"  save to PUT, idle: median {1000 * statistics.median(waits):.0f} ms, p95 {1000 * waits[int(EDITS * 0.95)]:.0f} ms"
            )


if __name__ == "__main__":
    main()
