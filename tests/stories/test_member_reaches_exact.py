"""A member in a selected status reaches Exact Online: once, and only what changed after that."""

import pytest

from tests.worlds import DIVISION, OTHER_DIVISION, World


@pytest.fixture
def connection(world: World):
    return world.connection()


def test_a_new_member_becomes_one_relation_in_one_call(world: World, connection) -> None:
    world.member(
        "7", email="jan@example.nl", phone="+31612345678", address="Dorpsstraat 12-3 bis", postcode="1234 AB", city="Ede",
        country="NL", language="NL",
    )  # fmt: skip
    assert world.drain(connection) == {"created": 1}
    [relation] = world.relations().values()
    assert {key: relation[key] for key in ("Code", "Name", "Status", "Email", "Phone", "AddressLine1", "Postcode", "City")} == {
        "Code": "7",
        "Name": "J. de Vries",
        "Status": "C",
        "Email": "jan@example.nl",
        "Phone": "+31612345678",
        "AddressLine1": "Dorpsstraat 12-3 bis",
        "Postcode": "1234 AB",
        "City": "Ede",
    }
    assert (relation["Country"], relation["Language"]) == ("NL", "NL")
    assert len(world.exact.calls(division=DIVISION)) == 1
    assert world.relations(OTHER_DIVISION) == {}


def test_nothing_changed_means_no_call(world: World, connection) -> None:
    member = world.member()
    world.drain(connection)
    world.edit(member)  # saved, unchanged
    assert world.drain(connection) == {"unchanged": 1}
    assert world.drain(connection) == {}
    assert len(world.exact.calls(division=DIVISION)) == 1


def test_a_change_sends_only_what_changed_and_never_the_code(world: World, connection) -> None:
    member = world.member(email="jan@example.nl", city="Ede")
    world.drain(connection)
    world.edit(member, city="Delft")
    assert world.drain(connection) == {"changed": 1}
    assert world.writes()[-1].body == {"City": "Delft"}
    assert world.relations()["7"]["City"] == "Delft"


def test_ten_changes_before_the_worker_comes_are_one_call(world: World, connection) -> None:
    member = world.member()
    world.drain(connection)
    for number in range(10):
        world.edit(member, city=f"City {number}")
    world.drain(connection)
    assert [call.method for call in world.writes()] == ["POST", "PUT"]
    assert world.relations()["7"]["City"] == "City 9"


def test_a_change_during_the_push_is_not_lost(world: World, connection) -> None:
    import threading

    member = world.member()
    world.drain(connection)
    world.edit(member, city="Ede")
    gate = world.exact.gate(method="PUT", after=True)
    drainer = threading.Thread(target=_drain_in_a_thread, args=(world, connection))
    drainer.start()
    assert gate.wait()
    world.edit(member, city="Delft")
    gate.release()
    drainer.join(20)
    assert not drainer.is_alive()
    world.drain(connection)
    assert world.relations()["7"]["City"] == "Delft"
    assert len(world.relations()) == 1


def _drain_in_a_thread(world: World, connection) -> None:
    from django.db import connection as database

    try:
        world.drain(connection)
    finally:
        database.close()


def test_what_the_bookkeeper_keeps_survives_every_sync(world: World, connection) -> None:
    member = world.member(city="Ede")
    world.drain(connection)
    world.exact.edit_account(DIVISION, "7", Remarks="pays in cash", Website="https://example.nl", Phone="010-1234567")
    for city in ("Delft", "Breda", "Zwolle"):
        world.edit(member, city=city)
        world.drain(connection)
    relation = world.relations()["7"]
    assert (relation["Remarks"], relation["Website"], relation["Phone"]) == ("pays in cash", "https://example.nl", "010-1234567")


def test_an_emptied_field_is_emptied_or_left_as_the_settings_say(world: World) -> None:
    clearing = world.connection()
    leaving = world.connection("Lustrum", OTHER_DIVISION, token=clearing.token, emptied="leave")
    member = world.member(phone="+31612345678")
    world.drain(clearing)
    world.drain(leaving)
    world.edit(member, phone="")
    assert world.drain(clearing) == {"changed": 1}
    assert world.drain(leaving) == {"unchanged": 1}
    assert world.relations(DIVISION)["7"]["Phone"] is None
    assert world.relations(OTHER_DIVISION)["7"]["Phone"] == "+31612345678"


def test_nothing_is_written_before_enable_and_after_disable(world: World) -> None:
    connection = world.connection(enabled=False)
    member = world.member()
    assert world.drain(connection) == {}
    assert world.exact.calls(division=DIVISION) == []
    type(connection).objects.update(enabled=True)
    world.drain(connection)
    type(connection).objects.update(enabled=False)
    world.edit(member, city="Delft")
    world.drain(connection)
    assert world.relations()["7"]["City"] is None


def test_disabled_for_a_week_catches_up_with_what_was_missed_only(world: World, connection) -> None:
    members = world.members(5)
    world.drain(connection)
    type(connection).objects.update(enabled=False)
    world.edit(members[0], city="Delft")
    world.edit(members[1], city="Breda")
    world.edit(members[1], city="")
    world.later(days=7)
    type(connection).objects.update(enabled=True)
    before = len(world.writes())
    assert world.drain(connection) == {"changed": 1, "unchanged": 1}
    assert len(world.writes()) - before == 1


def test_disable_acts_within_the_current_call(world: World, connection) -> None:
    import threading

    world.members(5)
    gate = world.exact.gate(method="POST", nth=2)
    drainer = threading.Thread(target=_drain_in_a_thread, args=(world, connection))
    drainer.start()
    assert gate.wait()
    type(connection).objects.update(enabled=False)
    gate.release()
    drainer.join(20)
    assert len(world.relations()) == 2  # the one before, and the one that was on its way


def test_a_leaver_is_left_untouched_and_a_returning_member_keeps_the_relation(world: World, connection) -> None:
    member = world.member(city="Ede")
    world.drain(connection)
    world.edit(member, status=world.former, city="Delft")
    assert world.drain(connection) == {}
    assert world.relations()["7"]["City"] == "Ede"
    world.edit(member, status=world.status)
    assert world.drain(connection) == {"changed": 1}
    assert len(world.relations()) == 1
    assert not [call for call in world.exact.calls() if call.method == "DELETE"]


def test_changed_settings_are_applied_to_everybody_once(world: World, connection) -> None:
    world.members(3)
    world.member("9")
    world.drain(connection)
    type(connection).objects.update(name_style="sorted", mapping_revision=2)
    assert world.drain(connection) == {"changed": 4}
    assert world.relations()["9"]["Name"] == "Vries, J. de"
    assert world.drain(connection) == {}


def test_one_bad_member_does_not_stop_the_others(world: World, connection) -> None:
    world.members(3)
    world.member("8", initials="", first_name="", infix="", last_name="")
    world.member("12a")
    assert world.drain(connection) == {"created": 3, "parked": 2}
    problems = {link.member.member_number: link.problem for link in connection.links.select_related("member") if link.problem}
    assert problems == {"8": "missing_name", "12a": "unusable_code"}
    assert world.drain(connection) == {}


def test_007_and_7_do_not_share_a_relation(world: World, connection) -> None:
    first, second = world.member("7"), world.member("007", last_name="Jansen")
    assert world.drain(connection) == {"created": 1, "parked": 1}
    assert world.link(second).problem == "code_collision"
    world.edit(second, member_number="8")
    assert world.drain(connection) == {"created": 1}
    assert {code: row["Name"] for code, row in world.relations().items()} == {"7": "J. de Vries", "8": "J. de Jansen"}
    assert world.link(first).code == "7"


def test_the_code_starts_where_the_settings_say_and_is_fixed_once_reserved(world: World) -> None:
    connection = world.connection(code_start=500000)
    member = world.member("7")
    world.drain(connection)
    type(connection).objects.update(code_start=600000, mapping_revision=2)
    world.edit(member, member_number="8", city="Ede")
    world.drain(connection)
    assert list(world.relations()) == ["500007"]


def test_two_connections_with_one_consent_share_the_token_and_keep_their_books_apart(world: World) -> None:
    kern = world.connection()
    lustrum = world.connection("Lustrum", OTHER_DIVISION, token=kern.token, name_style="full")
    world.member("7")
    world.drain(kern)
    world.drain(lustrum)
    assert world.relations(DIVISION)["7"]["Name"] == "J. de Vries"
    assert world.relations(OTHER_DIVISION)["7"]["Name"] == "Jan de Vries"


def test_remove_and_add_again_finds_the_old_relations_without_doubling_or_writing(world: World, connection) -> None:
    world.members(4)
    world.drain(connection)
    before = world.relations()
    token = connection.token
    type(connection).objects.filter(pk=connection.pk).update(enabled=False, removed_at=world.now())
    again = world.connection(token=token)
    assert world.drain(again) == {"adopted": 4}
    assert world.relations() == before


def test_organisations_go_by_their_own_name_with_a_person_as_attention_line(world: World, connection) -> None:
    world.member("7", organisation="Drukkerij Jansen B.V.")
    world.drain(connection)
    relation = world.relations()["7"]
    assert (relation["Name"], relation["AddressLine2"]) == ("Drukkerij Jansen B.V.", "Jan de Vries")
