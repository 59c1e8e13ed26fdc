"""What a version of a profile says, by field, with numbers masked."""

from profiles.fields import AnyVersion, labels_of, shown_as
from profiles.models import PayoutProfileVersion


def facts_of(version: AnyVersion) -> dict[str, str]:
    """What a version says, by field, with numbers masked."""
    values: dict[str, str] = {}
    for name in labels_of(version):
        if name in version.shown:
            values[name] = shown_as(version, name)
        elif name in ("payment_method", "classification", "form_kind"):
            values[name] = str(getattr(version, f"get_{name}_display")())
        elif name in ("bank_country", "country"):
            values[name] = str(getattr(version, name).name)
        else:
            value = getattr(version, name, None)
            values[name] = "" if value is None else str(value)
    if isinstance(version, PayoutProfileVersion) and version.shown.get("bic"):
        values["bic"] = str(version.shown["bic"])
    return values
