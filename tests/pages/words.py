"""What a person reads in each language. The terms of the product are written out; the rest is the portal's catalogue."""

from collections.abc import Callable

from django.utils import translation

LANGUAGES = ("en", "sv")
SWEDISH = {
    "Action required": "Åtgärd krävs",
    "Actions required": "Åtgärder som krävs",
    "Continue": "Fortsätt",
    "Default bank profile": "Standardbankprofil",
    "Discontinued": "Avvecklad",
    "E-mail address": "E-postadress",
    "Enroll": "Registrera",
    "Enrolled": "Registrerad",
    "Enrolling": "Anmäler sig",
    "Incentives": "Incitament",
    "Invited": "Inbjuden",
    "Overview": "Översikt",
    "Password": "Lösenord",
    "Payout and tax profiles": "Betalnings- och skatteprofiler",
    "Program guide": "Programguide",
    "Save": "Spara",
    "See eligibility requirements": "Se behörighetskrav",
    "Sign in": "Logga in",
    "Status": "Status",
    "Submit": "Skicka",
    "Validating enrollment": "Validerar registrering",
}

Say = Callable[[str], str]


def words(language: str) -> Say:
    """`say("Submit")` is what stands on the button."""

    def say(english: str) -> str:
        if language == "sv" and english in SWEDISH:
            return SWEDISH[english]
        with translation.override(language):
            return translation.gettext(english)

    return say
