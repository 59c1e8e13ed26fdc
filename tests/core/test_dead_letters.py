"""Mails that were given up are seen by the operator and sent after all (rule INV-6)."""

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from incentives_portal.core.models import AuditEntry, Mail
from incentives_portal.core.outbox import Owed, owe_all
from tests import factories as make

pytestmark = [pytest.mark.django_db, pytest.mark.rule("INV-6")]


@pytest.fixture
def dead() -> list[Mail]:
    context = {"locations": [make.LocationFactory.build()], "path": "/people/"}
    people = make.UserFactory.create_batch(3)
    assert owe_all(Owed("coverage", to=user, key=f"key {user.pk}", context=context) for user in people) == 3
    mails = list(Mail.objects.order_by("key"))
    Mail.objects.exclude(pk=mails[2].pk).update(state="dead", attempts=12, last_error="SMTPRecipientsRefused 550")
    return mails[:2]


def asked(*arguments: str) -> dict[str, Any]:
    out = io.StringIO()
    call_command("requeue_mail", *arguments, "--json", stdout=out)
    return json.loads(out.getvalue())  # type: ignore[no-any-return]


def test_they_are_counted_by_kind_and_error(dead: list[Mail]) -> None:
    assert asked("--dry-run") == {"dry_run": True, "given_up": 2, "coverage: SMTPRecipientsRefused 550": 2}


def test_one_of_them_is_sent_again_as_itself(dead: list[Mail]) -> None:
    message_id = dead[0].message_id
    assert asked("--id", str(dead[0].pk)) == {"requeued": 1}
    mail = Mail.objects.get(pk=dead[0].pk)
    assert (mail.state, mail.attempts, mail.message_id) == ("owed", 0, message_id)
    assert Mail.objects.get(pk=dead[1].pk).state == "dead"
    entry = AuditEntry.objects.get(act="mail.requeued")
    assert (entry.object_id, entry.object_name) == (str(mail.pk), "coverage")


def test_all_of_a_kind_or_none_without_being_told_which(dead: list[Mail]) -> None:
    assert asked("--kind", "invitation") == {"requeued": 0}
    assert asked("--kind", "coverage") == {"requeued": 2}
    with pytest.raises(CommandError) as refusal:
        asked()
    assert refusal.value.returncode == 2


def test_many_are_owed_once_per_key(dead: list[Mail]) -> None:
    context = {"locations": [make.LocationFactory.build()], "path": "/people/"}
    person = make.UserFactory.create()
    owed = [Owed("coverage", to=person, key=key, context=context) for key in (dead[0].key, "new", "new too")]
    assert owe_all(owed) == 2
    assert owe_all(owed) == 0
