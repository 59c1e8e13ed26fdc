"""A provider that is asked by HTTP. Neither the log nor an error ever holds the question or the answer."""

import logging
import time

import httpx
from django.conf import settings
from django.views.decorators.debug import sensitive_variables
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, stop_after_delay, wait_exponential_jitter

from profiles.checks import CheckResult

from .answers import read
from .asking import NoAnswerError, Question

MOST_BYTES = 64 * 1024
TRIES = 3
TRY_AGAIN = {408, 425, 429, 500, 502, 503, 504}

logger = logging.getLogger(__name__)


class _TryAgainError(NoAnswerError):
    """A time-out, a broken connection, or a server that is busy or unwell: the same question may find an answer soon."""


class HttpProvider:
    """POSTs the question as JSON to one address, over TLS, and reads the answer, which is short or none."""

    @sensitive_variables("token")
    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._token = token
        self._total = settings.VALIDATION_PROVIDER_TOTAL_SECONDS
        self._timeout = httpx.Timeout(
            settings.VALIDATION_PROVIDER_READ_SECONDS, connect=settings.VALIDATION_PROVIDER_CONNECT_SECONDS
        )

    @sensitive_variables()
    def ask(self, question: Question) -> tuple[CheckResult, ...]:
        """What the provider found, after three tries at most, all within the total time. Raises NoAnswerError."""
        deadline = time.monotonic() + self._total
        tries = Retrying(
            retry=retry_if_exception_type(_TryAgainError),
            stop=stop_after_attempt(TRIES) | stop_after_delay(self._total),
            wait=wait_exponential_jitter(multiplier=0.2, max=2, jitter=0.5),
            reraise=True,
        )
        try:
            body: bytes = tries(self._post, question, deadline)
            return read(body, question)
        except NoAnswerError as error:
            logger.warning("The provider gave no usable answer about validation %s: %s", question.validation, error)
            raise

    @sensitive_variables()
    def _post(self, question: Question, deadline: float) -> bytes:
        headers = {"Idempotency-Key": str(question.validation), "Accept": "application/json", "Accept-Encoding": "identity"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        try:
            # No proxy or .netrc of the environment, and no redirect, takes the numbers elsewhere.
            with (
                httpx.Client(timeout=self._timeout, trust_env=False, follow_redirects=False) as client,
                client.stream("POST", self._url, json=question.as_json(), headers=headers) as response,
            ):
                return _body_of(response, deadline)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            # The library's words may quote; its class tells enough. The chain is cut for the same reason.
            raise _TryAgainError(type(error).__name__) from None


def _body_of(response: httpx.Response, deadline: float) -> bytes:
    if response.status_code in TRY_AGAIN:
        raise _TryAgainError(f"status_{response.status_code}")
    if response.status_code != httpx.codes.OK:
        raise NoAnswerError(f"status_{response.status_code}")
    body = b""
    for part in response.iter_raw():
        body += part
        if len(body) > MOST_BYTES:
            raise NoAnswerError("too_long")
        # A read that trickles never times out by itself.
        if time.monotonic() > deadline:
            raise _TryAgainError("too_slow")
    return body
