"""The entities that pay today, for the words of a tax form. Programs name them a floor above: it registers here where to look."""

from collections.abc import Callable, Iterable

from django.conf import settings

Source = Callable[[], Iterable[str]]
_sources: list[Source] = []


def register(source: Source) -> None:
    """Adds a source of names; called once, when the app above is ready."""
    if source not in _sources:
        _sources.append(source)


def of_the_united_states() -> list[str]:
    """Those in the United States that pay some program of today, by name."""
    paying = {name for source in _sources for name in source()}
    return sorted(paying.intersection(settings.US_PAYING_ENTITIES))
