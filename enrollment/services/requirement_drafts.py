"""Requirements of a program from draft to rule: written, tried against the real partner base, published (rule ELI-1)."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from enrollment import requirements
from enrollment.eligibility import Group
from enrollment.errors import RefusedError
from enrollment.models import Program, RequirementDraft
from enrollment.requirement_draft import Typed
from enrollment.trial import try_out as compare
from incentives_portal.core import audit, clock
from incentives_portal.core.clock import DatabaseNow
from incentives_portal.core.waking import wake_on_commit

EVALUATE = "enrollment.tasks.evaluate_published"


class StaleDraftError(RefusedError):
    """Somebody else saved the draft, or published other requirements, since this page was loaded."""


def typed_of(program: Program) -> Typed:
    """The draft where there is one, else the requirements in force to begin with. Prefetch `groups__items`."""
    draft = RequirementDraft.objects.filter(program=program).first()
    if draft is not None:
        return Typed.stored(draft.groups, open_to_all=draft.open_to_all)
    return Typed.of(requirements.groups_of(program), open_to_all=program.open_to_all)


@transaction.atomic
def save(*, program: Program, typed: Typed, seen: int, by: Any) -> RequirementDraft:
    """Keeps what is typed as the program's draft; `seen` is the revision that the page showed, 0 for none.

    Raises StaleDraftError where somebody else saved meanwhile; a second click of the same button changes nothing.
    """
    _lock(program)
    groups, draft = typed.as_json(), RequirementDraft.objects.filter(program=program).first()
    if draft is None:
        if seen:
            raise StaleDraftError(_("The draft was published or discarded in the meantime. Saving now begins a new one."))
        return RequirementDraft.objects.create(
            program=program,
            groups=groups,
            open_to_all=typed.open_to_all,
            based_on=program.rule_version,
            changed_by=audit.person(by),
            changed_at=clock.now(),
        )
    if (draft.groups, draft.open_to_all) == (groups, typed.open_to_all):
        return draft
    if draft.revision != seen:
        raise StaleDraftError(
            _("%(person)s changed this draft in the meantime. What you typed is kept below; saving it again replaces theirs.")
            % {"person": draft.changed_by or _("Somebody else")}
        )
    draft.groups, draft.open_to_all, draft.revision = groups, typed.open_to_all, draft.revision + 1
    draft.changed_at, draft.changed_by = clock.now(), audit.person(by)
    draft.save()
    return draft


def try_out(*, draft: RequirementDraft, by: Any) -> RequirementDraft:
    """Tries what the draft says on every location, and keeps the outcome with it.

    Raises RefusedError for one with faults, and StaleDraftError where it was published or discarded meanwhile: a trial takes time.
    """
    tried = _checked(draft)
    program = Program.objects.prefetch_related("groups__items").get(pk=draft.program_id)
    trial = compare(program, requirements.in_force(program), tried, clock.today())
    RequirementDraft.objects.filter(pk=draft.pk, revision=draft.revision).update(
        trial=trial | {"against": program.rule_version}, tried_at=DatabaseNow(), tried_revision=draft.revision
    )
    kept = RequirementDraft.objects.filter(pk=draft.pk).first()
    if kept is None:
        raise StaleDraftError(_("There is no draft any more: it was published or discarded in the meantime."))
    return kept


@transaction.atomic
def publish(*, program: Program, revision: int, by: Any) -> int:
    """Makes the draft, as tried at `revision`, the program's requirements: a new version of the rule. Returns the version.

    Every location is evaluated anew by the worker, which the commit wakes up. Raises RefusedError where the draft is not what
    was tried, and StaleDraftError where it or the requirements in force have changed since.
    """
    program = _lock(program)
    draft = RequirementDraft.objects.select_for_update().filter(program=program).first()
    if draft is None:
        raise StaleDraftError(_("There is no draft any more: it was published or discarded in the meantime."))
    if draft.revision != revision:
        raise StaleDraftError(_("The draft was changed in the meantime. Look at it and try it again before publishing."))
    if not draft.is_tried or draft.trial is None or draft.trial["against"] != program.rule_version:
        raise RefusedError(_("Try the draft first, so that you see whom it concerns."))
    groups = _checked(draft)
    before = _said(requirements.in_force(program) or (), program)
    requirements.replace(program, groups)
    program.open_to_all, program.rule_version = draft.open_to_all, program.rule_version + 1
    program.save(update_fields=["open_to_all", "rule_version"])
    audit.record(
        "program.requirements_published", program, by=by, before=before, after=_said(groups, program) | _moved(draft.trial)
    )
    draft.delete()
    wake_on_commit(EVALUATE)
    return program.rule_version


@transaction.atomic
def discard(*, program: Program, by: Any) -> None:
    """Throws the draft away; what is in force stays. Twice is the same as once."""
    _lock(program)
    RequirementDraft.objects.filter(program=program).delete()


def _lock(program: Program) -> Program:
    return Program.objects.select_for_update(no_key=True).prefetch_related("groups__items").get(pk=program.pk)


def _checked(draft: RequirementDraft) -> tuple[Group, ...]:
    groups = Typed.stored(draft.groups, open_to_all=draft.open_to_all).checked()
    if groups is None:
        raise RefusedError(_("Something is missing or wrong in the draft; the fields say what."))
    return groups


def _said(groups: tuple[Group, ...], program: Program) -> dict[str, Any]:
    return {"version": program.rule_version, "open_to_all": program.open_to_all, "requirements": requirements.as_json(groups)}


def _moved(trial: dict[str, Any]) -> dict[str, Any]:
    return {"gained": trial["gains"]["locations"], "lost": trial["losses"]["locations"]}
