"""A file goes in through a worker: also when the worker is slow, dies, comes twice or finds rubbish."""

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from members import intake, tasks, uploads
from members.models import Member, MemberImport
from members.models.member_import import MAX_FRUITLESS_STARTS
from tests.people import make_status, make_user

pytestmark = pytest.mark.django_db
State = MemberImport.State


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "BATCH", 2)
    make_status("Member")


class Post:
    """Takes the requests for another turn, as the broker would."""

    def __init__(self) -> None:
        self.sent: list[int] = []

    def __call__(self, import_id: int) -> None:
        self.sent.append(import_id)


def upload(rows: int = 5, **fields: object) -> MemberImport:
    lines = "".join(f"{number};Member;Vries {number}\n" for number in range(1, rows + 1))
    content = f"member_number;status;last_name\n{lines}".encode()
    return MemberImport.objects.create(**{"name": "members.csv", "content": content, "total_rows": rows} | fields)


def stored(member_import: MemberImport) -> MemberImport:
    return MemberImport.objects.get(pk=member_import.pk)


def run_out(member_import: MemberImport) -> None:
    """The lease of a worker that was killed runs out."""
    MemberImport.objects.filter(pk=member_import.pk).update(held_until=timezone.now() - timedelta(seconds=1))


def test_a_file_goes_in_and_is_not_kept() -> None:
    secretary = make_user()
    member_import = upload(uploaded_by=secretary)
    assert tasks.import_members(member_import.pk) == "done"
    done = stored(member_import)
    assert (done.state, bytes(done.content), done.processed_rows, done.report["created"]) == (State.DONE, b"", 5, 5)
    assert done.finished_at
    assert set(Member.objects.values_list("changed_via", "changed_by")) == {("import", secretary.pk)}


def test_a_check_changes_nothing() -> None:
    member_import = upload(dry_run=True)
    tasks.import_members(member_import.pk)
    assert stored(member_import).report["created"] == 5
    assert not Member.objects.exists()


def test_a_task_that_comes_twice_does_its_work_once() -> None:
    member_import = upload()
    tasks.import_members(member_import.pk)
    before = stored(member_import).report
    assert tasks.import_members(member_import.pk) == "not ours"
    assert stored(member_import).report == before


def test_an_import_that_another_worker_holds_is_left_to_it() -> None:
    member_import = upload()
    MemberImport.objects.claim(member_import.pk, "another worker")
    assert tasks.import_members(member_import.pk) == "not ours"
    assert not Member.objects.exists()


def test_a_killed_worker_is_followed_by_one_that_goes_on_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    member_import = upload()
    real = intake._Intake.commit

    def killed_at_the_second_batch(self: intake._Intake, rows: list, so_far: intake.Report, record: object) -> intake.Report:
        if so_far.rows == 2:
            raise SystemExit("killed")
        return real(self, rows, so_far, record)

    monkeypatch.setattr(intake._Intake, "commit", killed_at_the_second_batch)
    with pytest.raises(SystemExit):
        tasks.import_members(member_import.pk)
    monkeypatch.undo()
    assert (stored(member_import).state, stored(member_import).processed_rows) == (State.RUNNING, 2)
    Member.objects.filter(member_number="1").update(last_name="Changed since")

    assert tasks.import_members(member_import.pk) == "not ours"
    run_out(member_import)
    assert tasks.import_members(member_import.pk) == "done"
    assert stored(member_import).report["created"] == 5
    assert Member.objects.get(member_number="1").last_name == "Changed since"


def test_a_member_twice_is_seen_across_workers() -> None:
    member_import = upload(content=b"member_number;status\n1;Member\n2;Member\n1;Member\n")
    assert uploads.run(member_import.pk, publish=Post(), longest=0) == "to be continued"
    tasks.import_members(member_import.pk)
    assert [remark["line"] for remark in stored(member_import).report["remarks"]] == [4]


def test_a_worker_that_lost_its_lease_keeps_nothing_of_its_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    member_import = upload()
    real = intake._Intake._take

    def taken_over_meanwhile(self: intake._Intake, rows: list) -> intake.Report:
        MemberImport.objects.filter(pk=member_import.pk).update(holder="another worker")
        return real(self, rows)

    monkeypatch.setattr(intake._Intake, "_take", taken_over_meanwhile)
    assert tasks.import_members(member_import.pk) == "taken over"
    assert not Member.objects.exists()


def test_a_large_file_is_taken_in_turns() -> None:
    member_import = upload()
    post = Post()
    turns = [uploads.run(member_import.pk, post, longest=0) for _ in range(3)]
    assert turns == ["to be continued", "to be continued", "done"]
    assert post.sent == [member_import.pk] * 2
    assert stored(member_import).report["created"] == 5


def test_a_file_that_cannot_be_read_is_refused_in_words_and_not_kept() -> None:
    member_import = upload(content=b"PK\x03\x04")
    assert tasks.import_members(member_import.pk) == "refused"
    assert "Excel" in stored(member_import).reason
    assert bytes(stored(member_import).content) == b""


def test_what_nobody_foresaw_is_said_with_how_far_it_came(monkeypatch: pytest.MonkeyPatch) -> None:
    member_import = upload()
    real = intake._Intake._new

    def fails_at_three(self: intake._Intake, number: str, *args: object) -> Member:
        return real(self, number, *args) if number != "3" else 1 / 0

    monkeypatch.setattr(intake._Intake, "_new", fails_at_three)
    assert tasks.import_members(member_import.pk) == "failed"
    assert "after 2 rows" in stored(member_import).reason
    assert Member.objects.count() == 2


def test_a_database_that_is_away_leaves_the_import_for_later(monkeypatch: pytest.MonkeyPatch) -> None:
    member_import = upload()

    def away(self: intake._Intake, rows: list) -> intake.Report:
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(intake._Intake, "_take", away)
    with pytest.raises(OperationalError):
        tasks.import_members(member_import.pk)
    monkeypatch.undo()
    run_out(member_import)
    assert tasks.import_members(member_import.pk) == "done"


def test_a_file_that_kills_every_worker_is_given_up() -> None:
    member_import = upload()
    for number in range(MAX_FRUITLESS_STARTS):
        assert MemberImport.objects.claim(member_import.pk, f"worker {number}")
        run_out(member_import)
    assert tasks.import_members(member_import.pk) == "failed"
    assert not MemberImport.objects.waiting().exists()


def test_beat_finds_what_waits_and_what_was_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting, left_behind, running, done = upload(), upload(), upload(), upload(state=State.DONE)
    MemberImport.objects.claim(left_behind.pk, "a dead worker")
    run_out(left_behind)
    MemberImport.objects.claim(running.pk, "a living worker")
    post = Post()
    monkeypatch.setattr(tasks.import_members, "delay", post)
    assert tasks.resume_imports() == 2
    assert set(post.sent) == {waiting.pk, left_behind.pk}
    assert done.pk not in post.sent


def test_reports_go_after_a_season() -> None:
    old = upload(state=State.DONE, finished_at=timezone.now() - tasks.KEPT - timedelta(days=1))
    recent = upload(state=State.DONE, finished_at=timezone.now())
    waiting = upload(uploaded_at=timezone.now() - timedelta(days=400))
    tasks.prune_imports()
    assert set(MemberImport.objects.all()) == {recent, waiting}
    assert old not in MemberImport.objects.all()
