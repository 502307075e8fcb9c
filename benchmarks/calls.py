"""Calls to Exact per thing that happens: the currency that runs out first."""

from benchmarks import stage

MEMBERS = 200


def main() -> None:
    with stage.world() as world:
        connection = world.connection()

        def calls_for(title: str, count: int) -> None:
            before = len(world.exact.calls(endpoint="crm/Accounts"))
            world.drain(connection)
            made = len(world.exact.calls(endpoint="crm/Accounts")) - before
            print(f"  {title}: {made / count:.2f} calls")

        members = world.members(MEMBERS)
        calls_for("new member", MEMBERS)
        for member in members:
            world.edit(member, city="Delft")
        calls_for("changed member", MEMBERS)
        for member in members:
            world.edit(member)
        calls_for("saved without a change", MEMBERS)
        for member in members[:20]:
            for number in range(10):
                world.edit(member, city=f"City {number}")
        calls_for("ten edits before the worker came", 20)


if __name__ == "__main__":
    main()
