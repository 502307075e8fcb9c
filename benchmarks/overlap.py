"""Two workers, ten connections, an Exact that takes 100 ms: do the drains run side by side?"""

import time

from benchmarks import stage

CONNECTIONS = 10
MEMBERS = 20


def main() -> None:
    with stage.world() as world:
        from integrations import bell
        from integrations.models import ExactOnlineConnection
        from members.models import MemberStatus
        from tests.running import eventually, processes

        token = None
        for number in range(CONNECTIONS):
            division = 2_000_000 + number
            world.exact.add_division(division)
            world.exact.change_user(world.treasurer, divisions=[*world.treasurer.divisions, division])
            token = token or world.token()
            world.connection(f"Administration {number}", division, enabled=False, token=token)
        assert MemberStatus.objects.exists()
        world.members(MEMBERS)
        world.exact.turn(latency_ms=100.0)
        with processes(world.exact.base_url) as running:
            for name in ("one", "two"):
                running.worker("-n", f"{name}@%h", "--concurrency", str(CONNECTIONS // 2))
            ExactOnlineConnection.objects.update(enabled=True, enabled_at=world.now())
            started = time.perf_counter()
            bell.ring()
            expected = CONNECTIONS * MEMBERS
            eventually(lambda: len(world.exact.calls("POST", "crm/Accounts")) >= expected, within=120)
            wall = time.perf_counter() - started
        spans: dict[int, list[float]] = {}
        for call in world.exact.calls("POST", "crm/Accounts"):
            spans.setdefault(call.division or 0, []).append(call.at)
        longest = max(max(moments) - min(moments) for moments in spans.values()) + 0.1
        overlapped = sum(call.overlapped for call in world.exact.calls())
        print(
            f"  {CONNECTIONS} connections x {MEMBERS} members: wall {wall:.1f} s, longest drain {longest:.1f} s, "
            f"ratio {wall / longest:.2f}; "
            f"calls at once for one administration: {overlapped}"
        )


if __name__ == "__main__":
    main()
