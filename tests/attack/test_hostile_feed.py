"""A feed that somebody has tampered with, or a disk has (rule OPS-1): named, nothing imported, and it ends."""

from pathlib import Path

import pytest

from accounts.models import Partner, User
from tests.enrollment.feed_files import FeedFiles

pytestmark = [pytest.mark.django_db, pytest.mark.rule("OPS-1")]


@pytest.fixture
def feed(tmp_path: Path) -> FeedFiles:
    return FeedFiles(tmp_path)


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/urandom", "/"])
@pytest.mark.parametrize("file", ["partners.csv", "users.csv", "programs.json"])
def test_what_never_ends_is_not_read(feed: FeedFiles, file: str, device: str) -> None:
    feed.write()
    (feed.folder / file).unlink()
    (feed.folder / file).symlink_to(device)
    result = feed.import_as_it_is()
    assert file in {error["file"] for error in result["errors"]}
    assert not Partner.objects.exists()


@pytest.mark.parametrize(
    "content", [b"a" * 3_000_000, b'"' + b"x,\n" * 600_000, b"\x00" * 2_000_000, b"pga_id\r\r\r\n\x00", b"\xff\xfe,"]
)
def test_giant_cells_and_open_quotes_are_named(feed: FeedFiles, content: bytes) -> None:
    feed.write()
    (feed.folder / "partners.csv").write_bytes(content)
    result = feed.import_as_it_is()
    assert result["error_count"] and not Partner.objects.exists()
    assert len(str(result)) < 1_000_000


@pytest.mark.parametrize("email", ["ines@exa\u200bmple.example", "ines@\ua7dc.example", "ines@\u202eexample.example"])
def test_an_address_that_can_not_be_read_is_named(feed: FeedFiles, email: str) -> None:
    feed.write()
    users = feed.folder / "users.csv"
    known = next(cell for cell in users.read_text().split(",") if "@" in cell)
    users.write_text(users.read_text().replace(known.split("\n")[-1], email, 1))
    result = feed.import_as_it_is()
    assert result["error_count"] == 1
    assert not User.objects.exists()
