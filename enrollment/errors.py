"""What a service refuses, in words that the person who asked can act on."""

from django.core.exceptions import ValidationError


class RefusedError(ValidationError):
    """The act isn't possible now; the message says why and what to do instead. Nothing was changed."""
