import pytest

from tests.browser import OpenPage

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("javascript", [True, False])
def test_a_browser_reads_the_portal(browser_page: OpenPage, javascript: bool) -> None:
    page = browser_page(javascript=javascript, locale="sv-SE", color_scheme="dark", viewport=(390, 844))
    answer = page.goto("/health")
    assert answer is not None
    assert answer.status == 200
    assert '"healthy": true' in page.content()
    assert answer.request.headers["accept-language"].startswith("sv")
