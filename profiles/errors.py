"""What the services of this app refuse, in words for the person who asked."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from profiles.identifiers.checking import Finding


class ProfileError(Exception):
    """A refusal. Its text is for the screen, translated when it is read, and holds no bank or tax number."""

    text: str | Promise = ""

    def __init__(self, text: str | Promise = "") -> None:
        super().__init__(text or self.text)


class FieldsError(ProfileError):
    """Identifiers that cannot be right; `findings` says per kind why."""

    text = _("Some of the numbers can't be right.")

    def __init__(self, findings: Mapping[str, Finding]) -> None:
        super().__init__()
        self.findings = dict(findings)


class NameTakenError(ProfileError):
    text = _("There is already a profile of that name.")


class StaleError(ProfileError):
    """The profile was changed since the page was opened."""

    text = _(
        "Somebody else changed this profile while you were editing it. "
        "What you typed is kept below: compare, and save again if it still holds."
    )


class ArchivedError(ProfileError):
    text = _("This profile is archived.")


class InUseError(ProfileError):
    """A profile that is used can't be archived; the text says where (rule PAY-4)."""


class TooManyDocumentsError(ProfileError):
    text = _("A profile holds at most 20 documents. Remove one that no longer matters first.")


class UnreadableNumbersError(ProfileError):
    """A new version can't repeat numbers that can't be decrypted (rule PAY-3)."""

    text = _("The numbers of this profile can't be read any more. Edit the profile and enter them again first.")


class CurrencyError(ProfileError):
    """An account that can't be paid in the currency; the text says why and what to do."""


class DecisionError(ProfileError):
    """A validation that this person can't decide, or not any more."""


class AlreadyDecidedError(DecisionError):
    text = _("This validation is already decided.")


class SupersededError(DecisionError):
    """A decision holds for the version that was reviewed, not for what came after it (rule VAL-5)."""

    text = _(
        "The partner has changed or archived this profile meanwhile. "
        "What you reviewed is no longer what would be paid to, so nothing was decided."
    )


class OwnRequestError(DecisionError):
    text = _("You can't decide on a request of your own, or of a partner that you belong to.")


class SecondReviewerError(DecisionError):
    text = _("You have approved this already. With so many flags a second reviewer has to approve it, too.")


class UndoError(DecisionError):
    text = _("This can't be taken back any more: the time for it has passed, or somebody has acted on it.")


class ClaimedError(DecisionError):
    text = _("Another reviewer is working on this validation.")


class FrozenError(DecisionError):
    """Somebody reported the change (rule PAY-5): nothing is changed, archived or decided until that is settled."""

    text = _(
        "This profile is frozen, because somebody reported that a change of its bank details wasn't theirs. "
        "It can be used again once that is settled."
    )


class ChangingError(ProfileError):
    """While an earlier version of a profile is in force, money would go where nobody has looked (rule PAY-5)."""

    text = _(
        "A change of that payout profile is being validated, and until then an earlier version of it is in force. "
        "Choose it once that is done, or choose another one."
    )


class CoolingOffError(DecisionError):
    """A changed account waits, so that whoever is robbed can say so; the text says until when."""


class UnansweredError(DecisionError):
    """With a provider set up, its answer is waited for (rule VAL-2)."""

    text = _("The provider hasn't answered yet. Approve once its checks are here, or its attempts have ended: about two hours.")


class AlarmLinkError(ProfileError):
    text = _("This link is not valid any more. Sign in to look at the payout profile, or ask the support for help.")


class AlarmSettledError(ProfileError):
    text = _("This report is already settled.")


class AlarmMovedError(ProfileError):
    text = _("An earlier change of this profile was reported meanwhile. Open the report again and look at both.")


class ReasonsError(DecisionError):
    text = _("Choose a reason for at least one field.")


class NoteError(DecisionError):
    text = _("A note is sent by mail: it can't hold account or tax numbers.")


class UnreadableError(DecisionError):
    """The stored numbers can't be decrypted (rule PAY-3)."""

    text = _("The numbers of this version can't be read any more, so it can't be approved. Reject it, and tell operations.")
