"""`rotate_keys`: everything under the newest key, nothing lost, nothing told (rule PAY-3)."""

import base64
import io
import json
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.management import CommandError, call_command
from django.db import connection, connections

from accounts.models import Directory, Location, User
from incentives_portal.core import health, rotation
from incentives_portal.core.models import AuditEntry, Run
from profiles.models import PayoutProfileVersion, TaxProfileVersion, Validation
from profiles.services import validations
from profiles.subjects import subject_of
from tests.enrollment import journeys

pytestmark = [pytest.mark.django_db, pytest.mark.rule("PAY-3"), pytest.mark.rule("OPS-1")]
ONE, TWO, THREE = (base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2, 3))
OLD, BOTH, NEW = f"k1:{ONE}", f"k2:{TWO},k1:{ONE}", f"k2:{TWO}"
IBAN = {"iban": "SE4550000000058398257466"}


def rotate(**options: Any) -> dict[str, Any]:
    out = io.StringIO()
    call_command("rotate_keys", json=True, stdout=out, **options)
    return dict(json.loads(out.getvalue()))


@pytest.fixture
def stored(settings: Any, location: Location, ines: User) -> Callable[[], dict[str, Any]]:
    """One value of every kind, under the old key; called, it reads them all."""
    settings.FIELD_KEYS = OLD
    bank, tax = journeys.bank(location, ines), journeys.tax(location, ines)
    directory = Directory.objects.create(partner=location.partner, client_secret="a client's secret")
    seed = generate_totp_secret()
    TOTP.activate(ines, seed)
    codes = RecoveryCodes.activate(ines).generate_codes()
    settings.FIELD_KEYS = BOTH

    def read() -> dict[str, Any]:
        found = {each.type: each.wrap() for each in Authenticator.objects.filter(user=ines)}
        return {
            "bank": PayoutProfileVersion.objects.get(profile=bank).read_identifiers() == IBAN,
            "tax": TaxProfileVersion.objects.get(profile=tax).read_identifiers() == {"orgnr": "5560125790"},
            "directory": Directory.objects.get(pk=directory.pk).client_secret.reveal() == "a client's secret",
            "codes": found["recovery_codes"].generate_codes() == codes,
            "unused": found["recovery_codes"].instance.data["used_mask"] == 0,
        }

    return read


def test_every_place_is_known() -> None:
    """A new encrypted column is found by itself; whoever encrypts elsewhere tells of it."""
    assert [place.label for place in rotation.places()] == [
        "accounts_directory.client_secret",
        "core_auditkey.key",
        "mfa_authenticator.data",
        "profiles_payoutprofileversion.identifiers",
        "profiles_taxdocumentcontent.content",
        "profiles_taxprofileversion.identifiers",
    ]


def test_everything_comes_under_the_newest_key_and_the_old_one_can_go(stored: Callable[[], dict[str, Any]], settings: Any) -> None:
    assert rotate(dry_run=True)["by_key"] == {"k1": 5}
    assert all(stored().values())
    found = rotate(chunk=1)
    assert (found["rewritten"], found["left"], found["unreadable"]) == (5, 0, 0)
    assert (found["by_key"], found["keys_removable"], found["keys_missing"]) == ({"k2": 5}, ["k1"], [])
    assert all(stored().values())
    settings.FIELD_KEYS = NEW
    assert all(stored().values()), "the old key is gone"
    assert rotate(check=True)["unreadable"] == 0


def test_twice_is_the_same_as_once(stored: Any) -> None:
    rotate()
    before = {model: list(model.objects.order_by("pk").values_list()) for model in (PayoutProfileVersion, TaxProfileVersion)}
    assert rotate()["rewritten"] == 0
    assert before == {model: list(model.objects.order_by("pk").values_list()) for model in before}


def test_no_other_column_changes(stored: Any, location: Location) -> None:
    def others() -> dict[str, Any]:
        return PayoutProfileVersion.objects.values(
            *(field.name for field in PayoutProfileVersion._meta.fields if field.name != "identifiers")
        ).get()

    before = others()
    rotate()
    assert others() == before


def test_a_dry_run_and_a_check_write_nothing(stored: Any) -> None:
    held = bytes(PayoutProfileVersion.objects.values_list("identifiers", flat=True).get())
    rotate(dry_run=True)
    assert rotate(check=True)["left"] == 5
    assert bytes(PayoutProfileVersion.objects.values_list("identifiers", flat=True).get()) == held
    assert not AuditEntry.objects.filter(act="secrets.rotated").exists()


def test_the_ledger_and_one_audit_entry_keep_the_counts(stored: Any) -> None:
    rotate()
    entry = AuditEntry.objects.get(act="secrets.rotated")
    run = Run.objects.get(command="rotate_keys")
    assert (entry.object_type, entry.object_id, entry.before) == ("core.run", str(run.pk), {"k1": 5})
    assert entry.after is not None and (entry.after["rewritten"], entry.after["by_key"]) == (5, {"k2": 5})
    assert (run.outcome, run.result["keys_removable"]) == ("done", ["k1"])


def spoil(*, profile_id: Any, by: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE profiles_payoutprofileversion SET identifiers = {by} WHERE profile_id = %s", [profile_id])


def test_what_cannot_be_decrypted_is_named_left_alone_and_makes_health_unwell(
    stored: Any, location: Location, ines: User, settings: Any
) -> None:
    settings.FIELD_KEYS = OLD
    moved, altered = journeys.bank(location, ines), journeys.bank(location, ines)
    settings.FIELD_KEYS = BOTH
    spoil(profile_id=moved.pk, by="(SELECT identifiers FROM profiles_taxprofileversion LIMIT 1)")
    spoil(profile_id=altered.pk, by="set_byte(identifiers, 30, 255 - get_byte(identifiers, 30))")
    held = dict(PayoutProfileVersion.objects.values_list("pk", "identifiers"))
    out = io.StringIO()
    with pytest.raises(CommandError, match="2 values can't be decrypted"):
        call_command("rotate_keys", json=True, stdout=out)
    found = json.loads(out.getvalue())
    names = {f"profiles_payoutprofileversion.identifiers/{profile.latest_id}" for profile in (moved, altered)}
    assert (found["rewritten"], found["left"], set(found["unreadable_values"])) == (5, 2, names)
    assert found["keys_removable"] == [], "what is unreadable may need the key yet"
    for profile in (moved, altered):
        assert PayoutProfileVersion.objects.filter(pk=profile.latest_id, identifiers=held[profile.latest_id]).exists()
    assert all(stored().values())
    assert health.report()["checks"]["secrets"] == {"ok": False, "unreadable": 2, "keys_missing": ""}


def test_a_key_that_is_missing_is_named(stored: Any, settings: Any) -> None:
    settings.FIELD_KEYS = NEW
    with pytest.raises(CommandError, match="5 values can't be decrypted"):
        rotate()
    assert health.report()["checks"]["secrets"] == {"ok": False, "unreadable": 5, "keys_missing": "k1"}
    settings.FIELD_KEYS = BOTH
    rotate()
    assert health.report()["checks"]["secrets"]["ok"]


def test_a_moved_value_under_the_newest_key_is_found_by_a_check(stored: Any) -> None:
    rotate()
    version = PayoutProfileVersion.objects.get()
    spoil(profile_id=version.profile_id, by="(SELECT identifiers FROM profiles_taxprofileversion LIMIT 1)")
    assert rotate()["unreadable"] == 0, "a rotation reads what it rewrites"
    with pytest.raises(CommandError, match="1 values can't be decrypted"):
        rotate(check=True)


@pytest.mark.django_db(transaction=True)
def test_a_second_run_at_the_same_time_says_so(stored: Any) -> None:
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [zlib.crc32(b"rotate_keys")])
        with pytest.raises(CommandError, match="another run at this moment"):
            rotate()
    finally:
        other.close()
    assert rotate()["rewritten"] == 5


@pytest.mark.django_db(transaction=True)
def test_a_row_that_somebody_edits_is_passed_by_and_their_edit_stays(stored: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("incentives_portal.core.rotation.walk.PAUSE_SECONDS", 0)
    other = connections.create_connection("default")
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT 1 FROM profiles_payoutprofileversion FOR UPDATE")
            cursor.execute("SELECT 1 FROM mfa_authenticator FOR UPDATE")
            out = io.StringIO()
            with pytest.raises(CommandError, match="3 values were being changed each time"):
                call_command("rotate_keys", json=True, stdout=out)
            assert json.loads(out.getvalue())["rewritten"] == 2
        other.rollback()
    finally:
        other.close()
    assert rotate()["rewritten"] == 3
    assert all(stored().values())


@pytest.mark.parametrize("place", [0, 1, 2, 4])
def test_an_edit_between_reading_and_writing_is_not_written_over(stored: Any, place: int, ines: User) -> None:
    where = rotation.places()[place]
    rows = where.rows(None, 10, but="k2")
    swaps = [(pk, held, where.sealed_anew((pk, held))) for pk, held in rows]
    with connection.cursor() as cursor:
        if "mfa" in where.label:
            cursor.execute("""UPDATE mfa_authenticator SET data = data || '{"used_mask": 1}'""")
        else:
            table, column = where.label.split(".")
            cursor.execute(f"UPDATE {table} SET {column} = {column} || 'x'::bytea")
    edited = where.rows(None, 10)
    assert where.swap(swaps) == 0
    assert where.rows(None, 10) == edited


@pytest.mark.rule("VAL-6")
def test_the_key_of_the_index_is_changed_while_equal_numbers_are_still_found(
    settings: Any, location: Location, other_location: Location, ines: User, otto: User
) -> None:
    def known_elsewhere() -> list[bool]:
        return [subject_of(one).duplicate_elsewhere for one in Validation.objects.all()]

    for keys, place, by in ((ONE, location, ines), (f"{TWO},{ONE}", other_location, otto)):
        assert not any(known_elsewhere())
        settings.BLIND_INDEX_KEY = keys
        validations.start(payout_version=journeys.bank(place, by).latest, paying_entity="Northwind", by=by)
        validations.start(tax_version=journeys.tax(place, by).latest, paying_entity="Northwind", by=by)
    assert known_elsewhere() == [True] * 4
    found = rotate(fingerprints=True)
    assert (found["fingerprints"], found["rewritten"], found["unreadable"]) == (4, 2, 0)
    assert rotate(fingerprints=True)["rewritten"] == 0
    settings.BLIND_INDEX_KEY = TWO
    assert known_elsewhere() == [True] * 4


def test_large_values_are_taken_a_few_at_a_time(
    settings: Any, location: Location, ines: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.FIELD_KEYS = OLD
    for _ in range(3):
        journeys.bank(location, ines)
    settings.FIELD_KEYS = BOTH
    monkeypatch.setattr("incentives_portal.core.rotation.columns.MOST_BYTES", 100)
    where = next(place for place in rotation.places() if place.label == "profiles_payoutprofileversion.identifiers")
    assert len(where.rows(None, 10)) == 1
    assert rotate()["rewritten"] == 3


def test_a_broken_ring_is_a_refusal_in_words(settings: Any) -> None:
    settings.FIELD_KEYS = "k1:short"
    with pytest.raises(CommandError, match="FIELD_KEYS: the key k1"):
        rotate()
