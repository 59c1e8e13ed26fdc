"""Whom the feed's users.csv may touch: neither the operator's people, nor names that are another partner's or a directory's."""

from pathlib import Path

import pytest

from accounts.models import Directory, DirectoryPerson, Membership, Partner, User
from incentives_portal.core.models import AuditEntry
from tests import factories as make
from tests.enrollment.feed_files import FeedFiles, outcome

pytestmark = [pytest.mark.django_db, pytest.mark.rule("OPS-1")]


@pytest.fixture
def feed(tmp_path: Path) -> FeedFiles:
    return FeedFiles(tmp_path)


@pytest.mark.parametrize("is_superuser", [False, True])
def test_a_row_about_somebody_of_the_operator_is_named_and_nothing_comes_in(
    feed: FeedFiles, rita: User, is_superuser: bool
) -> None:
    if is_superuser:
        rita.operator_roles.all().delete()
        User.objects.filter(pk=rita.pk).update(is_superuser=True)
    feed.replace("users.csv", 3, "ines@norrsken.example", rita.email.upper())
    (error,) = feed.import_()["errors"]

    assert (error["file"], error["row"], error["column"], error["value"]) == ("users.csv", 3, "email", rita.email)
    assert "belongs to the operator" in error["message"]
    assert not Membership.objects.exists() and not Partner.objects.exists()
    assert User.objects.get(pk=rita.pk).name == rita.name


def test_who_belongs_to_other_partners_too_or_is_provisioned_keeps_the_name(feed: FeedFiles) -> None:
    feed.import_()
    ines, otto = (Membership.objects.get(user__name=name) for name in ("Ines Duarte", "Otto Brandt"))
    make.give_role(ines.user, make.PartnerFactory.create(), make.INCENTIVES_USER)
    directory = Directory.objects.create(partner=otto.partner)
    DirectoryPerson.objects.create(directory=directory, membership=otto, user_name="otto", is_provisioned=True)
    for row in (2, 3, 4):
        feed.replace("users.csv", row, ",", ",The Feed's ")

    assert outcome(feed.import_(), "users.csv") == (0, 1, 2)
    assert set(User.objects.filter(memberships__in=[ines, otto]).values_list("name", flat=True)) == {"Ines Duarte", "Otto Brandt"}
    assert User.objects.get(email="gunnar@norrsken.example").name == "The Feed's Gunnar Lind"


@pytest.mark.rule("OPS-3")
def test_each_new_member_stands_in_the_audit_log_once(feed: FeedFiles) -> None:
    feed.import_()
    feed.import_()

    added = AuditEntry.objects.filter(act="member_added")
    assert set(added.values_list("object_id", "object_name", "partner_id")) == {
        (str(row.pk), str(row), row.partner_id) for row in Membership.objects.select_related("user", "partner")
    }
    assert added.count() == 3 and added.get(after__person="ines@norrsken.example").object_type == "accounts.membership"
