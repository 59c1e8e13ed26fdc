"""Tables as CSV (rule OPS-4): streamed, and safe to open in a spreadsheet."""

import csv
import datetime as dt
import re
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from typing import Any

from django.http import StreamingHttpResponse
from django.utils import timezone, translation

# A spreadsheet that doesn't know UTF-8 without being told is told by this.
BYTE_ORDER_MARK = "\ufeff"
# What a spreadsheet takes for the beginning of a formula, full-width forms included.
FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
# Where decimals have commas, as in Sweden, Excel begins cells at semicolons, and knows no quotes within what it takes for a cell.
_WITHIN = re.compile(rf"""([;\t\r\n][\s"]*)(?=[{re.escape("".join(FORMULA))}])""")
Row = Sequence[Any]


def cell(value: Any) -> str:
    """`value` as text that no spreadsheet calculates. Times are in the operator's time zone."""
    if isinstance(value, dt.datetime):
        return timezone.localtime(value, timezone.get_default_timezone()).isoformat(sep=" ", timespec="seconds")
    text = _WITHIN.sub(r"\1'", "" if value is None else str(value))
    risky = text.lstrip().startswith(FORMULA) or text.startswith(("\t", "\r", "\n"))
    return f"'{text}" if risky else text


def answer(name: str, header: Row, chunks: Iterable[Iterable[Row]]) -> StreamingHttpResponse:
    """A download called `name`, written chunk by chunk in the language of the request."""
    response = StreamingHttpResponse(_lines(header, iter(chunks)), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _lines(header: Row, chunks: Iterator[Iterable[Row]]) -> Iterator[str]:
    # The middleware's language ends before the answer is sent.
    language = translation.get_language()

    def write(rows: Iterable[Row]) -> str:
        text = StringIO()
        csv.writer(text).writerows([cell(value) for value in row] for row in rows)
        return text.getvalue()

    def stream() -> Iterator[str]:
        yield BYTE_ORDER_MARK + write([header])
        while True:
            with translation.override(language):
                try:
                    text = write(next(chunks))
                except StopIteration:
                    return
            yield text

    return stream()
