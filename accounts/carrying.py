"""What a POST brought goes back into the page that asks something in between, as hidden inputs, and comes again with the answer.

It is written down nowhere: bank and tax numbers may be among it. Such a page is never kept.
"""

from collections.abc import Collection

from django.http import HttpRequest


def carried(request: HttpRequest, *, but: Collection[str]) -> list[tuple[str, str]]:
    """Every name and value that was posted, `but` for those of the asking itself. Files can't be carried."""
    return [(name, value) for name, values in request.POST.lists() if name not in but for value in values]
