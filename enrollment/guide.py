"""The portal's own enrollment guide, step by step (rule PRG-2). Every page links to the step that it is about.

`{operator}` and `{partner_center}` in a text stand for the operator's names.
"""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from enrollment.wording import STATUS_LABELS, Text, worded


@dataclass(frozen=True, slots=True)
class Step:
    """A part of the guide; `anchor` is what links name, `points` is a list under the paragraphs."""

    anchor: str
    title: Text
    paragraphs: tuple[Text, ...]
    points: tuple[tuple[Text, Text], ...] = ()


GUIDE: tuple[Step, ...] = (
    Step(
        "people",
        _("1. Appoint an incentives admin"),
        (
            _(
                "Only an incentives admin can enroll a location. A global admin or an account admin of your company appoints one in"
                " User management, for the entire organization or for single locations by their Partner ID."
            ),
            _(
                "Global and account admins see every enrollment but can't enroll. They can give the role to themselves as well. A "
                "location without an incentives admin is shown to them on their home page."
            ),
        ),
    ),
    Step(
        "eligibility",
        _("2. Become eligible"),
        (
            _(
                "Most programs have requirements: an active membership, a signed agreement, a designation, or a country. All of a "
                "program's requirements must be met; within one requirement, any one of its items is enough."
            ),
            _(
                "{operator} evaluates eligibility every day. Where a location isn't eligible, See eligibility requirements under "
                "its status shows what is met, what isn't, and what would meet it. Programs that are open to all have no "
                "requirements."
            ),
            _(
                "The same page names the nearest way to becoming eligible. Once something is mended, an admin can have the location "
                "checked again at once. What changed since yesterday, and why, stands on the home page."
            ),
        ),
    ),
    Step(
        "invitation",
        _("3. Receive the invitation"),
        (
            _(
                "Once a location is eligible and the program is open, {operator} invites it. Every incentives admin of the location "
                "gets a notice on the home page and a mail from {partner_center} with the subject Partner Incentive Enrollment "
                "Invitation. Get started in the mail leads to the invitation after you have signed in."
            ),
            _(
                "Opening the notice takes it off your home page. The invitation itself stays on the overview, and the notice stays "
                "under All notices. Invitations to programs that are open to all stand on the overview only."
            ),
            _(
                "You can decline an invitation, and undo that while the program is open. Some programs set a deadline for the "
                "answer; the overview names it."
            ),
            _(
                "Reminders come before the deadline. An invitation that nobody opens goes to the global and account admins, who can "
                "assign somebody else. The page of the enrollment says who was told, and whether they opened it."
            ),
        ),
    ),
    Step(
        "profiles",
        _("4. Enroll and choose profiles"),
        (
            _(
                "Choose Enroll to accept the invitation. You then choose a payout profile, a tax profile of the location, and the "
                "currency. If the location has a default bank profile, it is chosen already; you can choose another one."
            ),
            _(
                "If nothing is missing, choose Submit. If something is, choose Continue: you are taken to exactly what is missing, "
                "and back. You can leave at any time without losing anything, and any other incentives admin of the location can go"
                " on."
            ),
        ),
    ),
    Step(
        "validation",
        _("5. Wait for the validation"),
        (
            _(
                "{operator} verifies your bank and tax information. This takes up to 48 hours; the enrollment's page says by when. "
                "Profiles that were validated before make the enrollment complete at once."
            ),
            _(
                "If something can't be validated, you get a mail, and the page names the field, the reason and what to do. Saving "
                "the correction starts a new validation. An enrollment is complete only when both profiles are validated."
            ),
        ),
    ),
    Step(
        "year",
        _("6. Stay enrolled"),
        (
            _(
                "Enrollments end with the fiscal year. {operator} continues them into the next one by itself as long as the location "
                "is eligible, the agreement is active, the program is offered, and payout and tax information is complete."
            ),
            _(
                "A location that stops being eligible keeps its enrollment to the end of the year. If you change a payout or tax "
                "profile, the enrollments that use it are validated again."
            ),
        ),
    ),
    Step(
        "overview",
        _("Reading the overview"),
        (
            _(
                "Incentives, Overview lists every program and location that you can see. Status says where each one stands, Actions"
                " required names the one next step and its deadline, Program resources has the program's guide."
            ),
            _(
                "Search by Partner ID, place or program, and filter by status, program or country. The address of the page keeps "
                "what you chose, so that you can save it or send it to a colleague."
            ),
        ),
    ),
    Step(
        "statuses",
        _("What each status means"),
        (),
        (
            (STATUS_LABELS["invited"], _("The location is invited and nobody has accepted yet.")),
            (
                STATUS_LABELS["action_required"],
                _("The invitation is accepted, and bank, tax or currency information is missing, rejected or expired."),
            ),
            (STATUS_LABELS["validating"], _("Everything is submitted, and {operator} verifies it. This takes up to 48 hours.")),
            (STATUS_LABELS["enrolled"], _("Bank and tax information is validated. There is nothing more to do.")),
            (
                STATUS_LABELS["enrolling"],
                _("What you read in place of Action required and Validating enrollment where you aren't an incentives admin."),
            ),
            (
                STATUS_LABELS["inactive"],
                _(
                    "The program isn't open for enrollment, or the invitation was declined or has expired, or the enrollment has "
                    "ended."
                ),
            ),
            (
                STATUS_LABELS["not_eligible"],
                _("The location doesn't meet the requirements. See eligibility requirements shows which."),
            ),
            (STATUS_LABELS["discontinued"], _("The program is no longer offered.")),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class StepShown:
    """A step in the language of the page."""

    anchor: str
    title: str
    paragraphs: tuple[str, ...]
    points: tuple[tuple[str, str], ...]


def guide() -> list[StepShown]:
    """The guide in the language of the page."""
    return [
        StepShown(
            step.anchor,
            worded(step.title),
            tuple(worded(text) for text in step.paragraphs),
            tuple((worded(name), worded(text)) for name, text in step.points),
        )
        for step in GUIDE
    ]
