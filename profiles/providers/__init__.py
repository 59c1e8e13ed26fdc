"""Who else is asked about a profile version (rule VAL-2): nobody, or a provider by HTTP (docs/reference/validation-provider.md).

The portal's own checks always run; what a provider says comes beside them. A provider is asked outside of any transaction,
with no lock held: it may be slow, or never answer.
"""

from django.conf import settings

from .asking import NoAnswerError, Provider, Question
from .http import HttpProvider

__all__ = ["NoAnswerError", "Provider", "Question", "configured"]


def configured() -> Provider | None:
    """The provider that the settings name; None where the portal checks by itself."""
    url = settings.VALIDATION_PROVIDER_URL
    return HttpProvider(url, settings.VALIDATION_PROVIDER_TOKEN) if url else None
