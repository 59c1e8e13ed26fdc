"""The programs that a role can be limited to. Programs live a floor above: it registers here where they are read."""

from collections.abc import Callable, Iterable

Source = Callable[[], Iterable[tuple[str, str]]]
_sources: list[Source] = []


def register(source: Source) -> None:
    """Adds a source of (code, name) pairs; called once, when the app above is ready."""
    if source not in _sources:
        _sources.append(source)


def choices() -> list[tuple[str, str]]:
    """Every program's code, and its name in the language of the page."""
    return [pair for source in _sources for pair in source()]
