"""Tables as workbooks (rule OPS-4): written row by row in little memory, and safe to open.

What is text stays text: no cell becomes a formula, a link or a number by how it begins.
"""

import datetime as dt
import tempfile
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from django.http import FileResponse
from django.utils import timezone

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# A cell holds no more, and a workbook with a longer one doesn't open.
LONGEST = 32_767
WIDTH = (8, 48)
Row = Sequence[Any]


def answer(name: str, title: str, header: Row, chunks: Iterable[Iterable[Row]]) -> FileResponse:
    """A download called `name` with one sheet called `title`; its first row is the header and stays in sight."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the answer
    try:
        _write(file, title, header, chunks)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    response = FileResponse(file, as_attachment=True, filename=name, content_type=CONTENT_TYPE)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _write(file: Any, title: str, header: Row, chunks: Iterable[Iterable[Row]]) -> None:
    from xlsxwriter import Workbook  # 16 MB that most processes never need

    with Workbook(file, {"constant_memory": True, "default_date_format": "yyyy-mm-dd hh:mm"}) as book:
        sheet: Worksheet = book.add_worksheet(title[:31])
        bold = book.add_format({"bold": True})
        for column, text in enumerate(header):
            sheet.set_column(column, column, min(max(len(str(text)) + 4, WIDTH[0]), WIDTH[1]))
            sheet.write_string(0, column, str(text), bold)
        sheet.freeze_panes(1, 0)
        number = 0
        for chunk in chunks:
            for row in chunk:
                number += 1
                for column, value in enumerate(row):
                    _cell(sheet, number, column, value)
        sheet.autofilter(0, 0, number, len(header) - 1)


def _cell(sheet: "Worksheet", row: int, column: int, value: Any) -> None:
    """Numbers and times as such, everything else as text. Times are in the operator's time zone."""
    if isinstance(value, dt.datetime):
        local = timezone.localtime(value, timezone.get_default_timezone())
        sheet.write_datetime(row, column, local.replace(tzinfo=None))
    elif isinstance(value, int) and not isinstance(value, bool):
        sheet.write_number(row, column, value)
    elif value not in (None, ""):
        sheet.write_string(row, column, str(value)[:LONGEST])
