"""Operations check a sheet of numbers: one result a line, no number repeated, nothing kept (rule PAY-3)."""

import io
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from incentives_portal.core.models import Run
from profiles.identifiers.iban_examples import IBAN_EXAMPLES
from profiles.identifiers.kinds import all_kinds
from profiles.identifiers.sheet import answers

pytestmark = [pytest.mark.django_db, pytest.mark.rule("PAY-3")]

SHEET = """country,kind,value
SE,iban,SE45 5000 0000 0583 9825 7466
SE,iban,SE4550000000058398257467
US,aba,111000025
GB,sort_code,12-34-56
GB,iban,GB29NWBK60161331926819
US,ein,91-1144442
SE,orgnr,556012-5790
XI,vat,XI980780684
EL,VAT,EL094259216
NZ,gst,49-098-576
ZZ,iban,SE4550000000058398257466
SE,passport,12345678

SE,iban,"SE455000000005839825\u200b7466"
SE,iban,•••• 7466
"""
EXPECTED = [
    (2, "SE", "iban", ""),
    (3, "SE", "iban", "iban_checksum"),
    (4, "US", "routing", ""),
    (5, "GB", "sort_code", ""),
    (6, "GB", "iban", ""),
    (7, "US", "ein", ""),
    (8, "SE", "orgnr", ""),
    (9, "XI", "vat", ""),
    (10, "GR", "vat", ""),
    (11, "NZ", "ird", ""),
    (12, "", "iban", "unknown_country"),
    (13, "SE", "", "unknown_kind"),
    (15, "SE", "iban", "hidden_characters"),
    (16, "SE", "iban", "masked_value"),
]


def checked(sheet: Path, *options: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    out, errors = io.StringIO(), io.StringIO()
    call_command("check_identifiers", str(sheet), "--json", *options, stdout=out, stderr=errors)
    return [json.loads(line) for line in out.getvalue().splitlines()], json.loads(errors.getvalue())


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    path = tmp_path / "numbers.csv"
    path.write_text(SHEET)
    return path


def test_every_line_gives_one_result(sheet: Path) -> None:
    found, summary = checked(sheet)
    assert [(row["line"], row["country"], row["kind"], row["code"]) for row in found] == EXPECTED
    assert all(row["ok"] is not bool(row["code"]) and bool(row["text"]) is not row["ok"] for row in found)
    assert found[0]["bank"] == {"name": "SEB", "bic": "ESSESESS"}
    assert (summary["checked"], summary["ok"], summary["refused"]) == (14, 9, 5)


def test_no_number_is_repeated_or_kept(sheet: Path, capsys: Any) -> None:
    call_command("check_identifiers", str(sheet), "--json")
    call_command("check_identifiers", str(sheet))
    printed = capsys.readouterr()
    run = Run.objects.filter(command="check_identifiers").latest("pk")
    said = printed.out + printed.err + str(run.arguments) + str(run.result)
    for number in ("7466", "7467", "111000025", "60161331926819", "1144442", "5790", "094259216", "12345678"):
        assert number not in said
    assert run.result["refused"] == 5


def test_reasons_come_in_the_language_asked_for(sheet: Path) -> None:
    swedish, _summary = checked(sheet, "--language", "sv")
    english, _summary = checked(sheet)
    assert swedish[1]["text"] != english[1]["text"] != ""


def test_a_refused_number_is_no_failure_unless_asked(sheet: Path) -> None:
    with pytest.raises(CommandError, match="5 numbers are refused"):
        checked(sheet, "--strict")


def test_standard_input_is_read_too(monkeypatch: pytest.MonkeyPatch) -> None:
    class Input:
        buffer = io.BytesIO(b"kind;value;country;note\r\nbic;essesess;SE;x\r\n")

    monkeypatch.setattr("sys.stdin", Input)
    out = io.StringIO()
    call_command("check_identifiers", "-", "--json", stdout=out, stderr=io.StringIO())
    assert json.loads(out.getvalue())["ok"] is True


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "Line 1 is empty"),
        (b"country,value\nSE,1\n", "look at: kind"),
        (b"country,kind,value,value\n", "look at: value"),
        ("country,kind,value\n".encode("utf-16"), "encoding UTF-8"),
        (b"\xff\xfe\n", "encoding UTF-8"),
        (b'country,kind,"value\n', "quotation marks"),
    ],
)
def test_a_sheet_that_cannot_be_read_says_what_to_do(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    with pytest.raises(CommandError, match=says):
        checked(path)
    with pytest.raises(CommandError, match="no such file"):
        checked(tmp_path)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b'SE,iban,"SE45', "line_not_csv"),
        (b"SE,iban", "line_not_csv"),
        (b"SE,iban,\xff\xfe", "line_not_utf8"),
        (b"SE,iban,SE45\x00", "hidden_characters"),
        (b"SE,iban," + b"9" * 200_000, "line_too_long"),
        (b"SE,iban," + b"9" * 10_000, "too_long"),
        (b"SE,iban,", "empty"),
        ("SE,iban,SE٤٥".encode(), "not_ascii_digits"),
        (b",,", "unknown_country"),
    ],
)
def test_a_bad_line_is_named_and_spoils_no_other(tmp_path: Path, line: bytes, code: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(b"\xef\xbb\xbfcountry,kind,value\n" + line + b"\nSE,bic,ESSESESS\n")
    found, _summary = checked(path)
    assert [(row["line"], row["ok"], row["code"]) for row in found] == [(2, False, code), (3, True, "")]


def test_memory_does_not_grow_with_the_sheet() -> None:
    """A hundred thousand lines are read one at a time; what is kept doesn't depend on how many there are."""
    line = f"SE,iban,{IBAN_EXAMPLES['SE']}\n".encode()

    def lines(count: int) -> Any:
        yield b"country,kind,value\n"
        for _number in range(count):
            yield line

    def most_memory(count: int) -> int:
        tracemalloc.start()
        assert sum(answer.finding.ok for answer in answers(lines(count), countries=frozenset({"SE"}))) == count
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    most_memory(10)
    assert most_memory(5_000) < most_memory(500) + 50_000


def test_the_help_lists_every_kind(capsys: Any) -> None:
    with pytest.raises(SystemExit):
        call_command("check_identifiers", "--help")
    text = " ".join(capsys.readouterr().out.split())
    assert all(kind in text for kind in all_kinds()) and "aba (routing)" in text
