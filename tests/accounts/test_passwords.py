"""Passwords are held against common and leaked ones, here and without asking anybody."""

import hashlib
import random
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils import translation

from accounts import passwords
from accounts.models import User

GOOD = "tortoise-umbrella-94-quay"


def refusal(password: str, user: User | None = None) -> str:
    with pytest.raises(ValidationError) as refused:
        validate_password(password, user)
    return " ".join(refused.value.messages)


@pytest.mark.rule("ACC-5")
@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("Password12345!", "common password"),
        ("P@ssw0rdP@ssw0rd", "easy to guess"),
        ("qwertyuiop12", "common password"),
        ("zxcvbnmasdfg", "common password"),
        ("aaaaaaaaaaaaaa", "Repetitions"),
        ("abcdefghijklm", "Sequences"),
        ("Lösenord1234!", "common password"),
        ("sommarsommar1", "Repetitions"),
        ("short", "too short"),
    ],
)
def test_what_is_easy_to_guess_is_refused_in_words(password: str, why: str) -> None:
    assert why in refusal(password)


@pytest.mark.rule("ACC-5")
def test_what_is_known_of_the_person_is_easy_to_guess() -> None:
    user = User(name="Ingeborg Wallenstråhle", email="ingeborg.wallenstrahle@norrsken.example")
    assert passwords.GuessableValidator().validate("wallenstråhle-quay") is None
    with pytest.raises(ValidationError, match="your name"):
        passwords.GuessableValidator().validate("ingeborgWallenstråhle", user)
    with pytest.raises(ValidationError):
        passwords.GuessableValidator().validate("NorthwindNorthwind1", user)


@pytest.mark.rule("ACC-5")
def test_every_reason_has_words_of_the_portals_own() -> None:
    patterns = {"dictionary", "spatial", "repeat", "sequence", "regex", "date", "bruteforce"}
    assert patterns - {"dictionary"} <= set(passwords.REASONS)
    for name in ("passwords", "english_wikipedia", "us_tv_and_film", "surnames", "male_names", "user_inputs"):
        reason = passwords.reason_of([{"pattern": "dictionary", "dictionary_name": name, "token": "x"}])
        assert str(reason) in map(str, passwords.REASONS.values())
    with translation.override("sv"):
        assert "Password" not in refusal("Password12345!")


def test_a_good_one_is_taken() -> None:
    validate_password(GOOD)
    validate_password("en lång rad av ovanliga ord 7")


@pytest.mark.parametrize("length", [1025, 10_000, 500_000])
def test_what_nobody_types_is_refused_before_it_costs_time(length: int) -> None:
    assert "at most 1024 characters" in refusal("aB3$" * (length // 4 + 1))


def test_a_long_one_is_looked_at_as_far_as_zxcvbn_looks() -> None:
    validate_password("".join(random.Random(7).choices("abcdefghijkmnopqrstuvwxyz2345678", k=1024)))


@pytest.fixture(scope="module")
def leaks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As the downloader of Have I Been Pwned writes it: 200,000 hashes, sorted, with how often each was seen."""
    file = tmp_path_factory.mktemp("leaks") / "pwned.txt"
    known = [f"leaked password {number}" for number in range(200_000)]
    hashes = sorted(hashlib.sha1(one.encode(), usedforsecurity=False).hexdigest().upper() for one in known)
    file.write_bytes(b"".join(f"{one}:{number % 977 + 1}\r\n".encode() for number, one in enumerate(hashes)))
    return file


@pytest.mark.rule("ACC-5")
def test_leaked_ones_are_found_wherever_they_stand(leaks: Path) -> None:
    for number in [*range(0, 200_000, 997), 199_999]:
        assert passwords.is_leaked(f"leaked password {number}", leaks)
    assert not any(passwords.is_leaked(f"another password {number}", leaks) for number in range(2_000))
    first, last = leaks.read_text().split()[0], leaks.read_text().split()[-1]
    assert {first[:40], last[:40]} <= {
        hashlib.sha1(f"leaked password {number}".encode(), usedforsecurity=False).hexdigest().upper() for number in range(200_000)
    }


@pytest.mark.parametrize("lines", [b"", b"\n", b"0000000000000000000000000000000000000000:1\n", b"F" * 40])
def test_a_file_with_next_to_nothing_knows_next_to_nothing(tmp_path: Path, lines: bytes) -> None:
    (tmp_path / "few").write_bytes(lines)
    assert not passwords.is_leaked(GOOD, tmp_path / "few")
    only = hashlib.sha1(GOOD.encode(), usedforsecurity=False).hexdigest()
    (tmp_path / "one").write_text(only)
    assert passwords.is_leaked(GOOD, tmp_path / "one")


@pytest.mark.rule("ACC-5")
def test_few_lines_are_read_and_the_file_is_not(leaks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = 0
    opened = Path.open

    class Counting:
        def __init__(self, file: Any) -> None:
            self.file = file

        def __enter__(self) -> Any:
            return self

        def __exit__(self, *_error: Any) -> None:
            self.file.close()

        def __getattr__(self, name: str) -> Any:
            return getattr(self.file, name)

        def readline(self) -> bytes:
            nonlocal read
            read += 1
            line: bytes = self.file.readline()
            return line

    monkeypatch.setattr(Path, "open", lambda path, mode: Counting(opened(path, mode)))
    assert passwords.is_leaked("leaked password 4711", leaks)
    assert read < 60


@pytest.mark.rule("ACC-5")
def test_the_setting_turns_it_on(leaks: Path, settings: Any) -> None:
    validate_password("leaked password 4711")
    settings.LEAKED_PASSWORDS_FILE = str(leaks)
    assert "known from leaks" in refusal("leaked password 4711")
