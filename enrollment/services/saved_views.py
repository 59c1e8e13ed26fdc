"""Looks at the overview that somebody comes back to: kept, shared, made what the overview begins with, forgotten."""

from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import Partner, User
from enrollment.errors import RefusedError
from enrollment.models import SavedView

MOST = 50
LONGEST_NAME, LONGEST_QUERY = 60, 400


@transaction.atomic
def save(*, partner: Partner | None, name: str, query: str, is_shared: bool, is_default: bool, by: User) -> tuple[SavedView, bool]:
    """Keeps a view under a name; the same name again replaces what it held, and the answer says so. Raises RefusedError."""
    name = " ".join(name.replace("\x00", "").split())
    if not name or len(name) > LONGEST_NAME:
        raise RefusedError(_("Give the view a name of at most %(most)d characters.") % {"most": LONGEST_NAME})
    if len(query) > LONGEST_QUERY:
        raise RefusedError(_("The search is too long to be kept. Shorten it, then save the view."))
    views = SavedView.objects.filter(owner=by, partner=partner)
    if views.exclude(name=name).count() >= MOST:
        raise RefusedError(_("You keep %(most)d views already. Remove one first.") % {"most": MOST})
    if is_default:
        views.update(is_default=False)
    fields: dict[str, Any] = {"query": query, "is_shared": is_shared and partner is not None, "is_default": is_default}
    try:
        view, is_new = SavedView.objects.update_or_create(owner=by, partner=partner, name=name, defaults=fields)
    except IntegrityError:
        raise RefusedError(_("You chose another one just now. Look again.")) from None
    return view, not is_new


def begin_with(*, view: SavedView, by: User) -> None:
    """Makes it what its owner's overview begins with, in place of another."""
    try:
        with transaction.atomic():
            SavedView.objects.filter(owner=by, partner=view.partner_id).update(is_default=False)
            SavedView.objects.filter(pk=view.pk, owner=by).update(is_default=True)
    except IntegrityError:
        raise RefusedError(_("You chose another one just now. Look again.")) from None


def begin_with_everything(*, view: SavedView, by: User) -> None:
    """The overview begins with everything again."""
    SavedView.objects.filter(pk=view.pk, owner=by).update(is_default=False)


def share(*, view: SavedView, is_shared: bool, by: User) -> None:
    """Everybody of the partner finds it, or its owner alone again."""
    SavedView.objects.filter(pk=view.pk, owner=by, partner__isnull=False).update(is_shared=is_shared)


def remove(*, view: SavedView, by: User) -> None:
    """Forgets it, for everybody."""
    SavedView.objects.filter(pk=view.pk, owner=by).delete()
