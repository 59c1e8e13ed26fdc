"""The cast, the same in every test, and clients that are signed in as them."""

import uuid
from collections.abc import Callable
from typing import Any

import hypothesis
import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from accounts.models import Location, Partner, User
from accounts.roles import OperatorRole
from tests import factories as make
from tests.signing_in import sign_in

# A slow machine is no counterexample.
hypothesis.settings.register_profile("portal", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("portal")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """This process logs in as the owner, who makes the tests' database; tests.database then steps down."""
    owner = settings.DATABASE_LOGINS.get("owner", {})
    connection.settings_dict.update({key: owner[key] for key in ("USER", "PASSWORD") if key in owner})


@pytest.fixture(autouse=True)
def own_cache(settings: Any) -> None:
    """What one test tries too often is not held against the next one."""
    settings.CACHES = {"default": settings.CACHES["default"] | {"KEY_PREFIX": f"test-{uuid.uuid4()}"}}


@pytest.fixture(autouse=True)
def patient_codes(settings: Any) -> None:
    """An authenticator app shows the same code until a test has typed it, however slow the machine."""
    settings.MFA_TOTP_PERIOD = 24 * 60 * 60


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    """What a test uploads lies apart from what a person did."""
    settings.MEDIA_ROOT = tmp_path_factory.getbasetemp() / "media"


@pytest.fixture
def partner(db: None) -> Partner:
    """The partner that most tests are about."""
    return make.PartnerFactory.create(legal_name="Norrsken Data AB")


@pytest.fixture
def location(partner: Partner) -> Location:
    return make.LocationFactory.create(partner=partner, name="Norrsken Göteborg")


@pytest.fixture
def second_location(partner: Partner) -> Location:
    return make.LocationFactory.create(partner=partner, name="Norrsken Umeå", city="Umeå")


@pytest.fixture
def other_partner(db: None) -> Partner:
    """The partner that nobody of the first one may see."""
    return make.PartnerFactory.create(legal_name="Brandt Systeme GmbH", country="DE")


@pytest.fixture
def other_location(other_partner: Partner) -> Location:
    return make.LocationFactory.create(partner=other_partner, name="Brandt Köln", city="Köln", country="DE")


@pytest.fixture
def gunnar(partner: Partner) -> User:
    """Global admin."""
    return make.person("Gunnar Lind", partner, make.GLOBAL_ADMIN)


@pytest.fixture
def astrid(partner: Partner) -> User:
    """Account admin."""
    return make.person("Astrid Holm", partner, make.ACCOUNT_ADMIN)


@pytest.fixture
def ines(partner: Partner, location: Location) -> User:
    """Incentives admin of the first location."""
    return make.person("Ines Duarte", partner, make.INCENTIVES_ADMIN, location)


@pytest.fixture
def ulf(partner: Partner) -> User:
    """Incentives user."""
    return make.person("Ulf Berg", partner, make.INCENTIVES_USER)


@pytest.fixture
def otto(other_partner: Partner) -> User:
    """Another partner's incentives admin."""
    return make.person("Otto Brandt", other_partner, make.INCENTIVES_ADMIN)


@pytest.fixture
def rita(db: None) -> User:
    """Reviewer."""
    return make.operator("Rita Sand", OperatorRole.REVIEWER)


@pytest.fixture
def roland(db: None) -> User:
    """Another reviewer."""
    return make.operator("Roland Ek", OperatorRole.REVIEWER)


@pytest.fixture
def petra(db: None) -> User:
    """Program manager."""
    return make.operator("Petra Wall", OperatorRole.PROGRAM_MANAGER)


@pytest.fixture
def pelle(db: None) -> User:
    """Another program manager."""
    return make.operator("Pelle Ask", OperatorRole.PROGRAM_MANAGER)


@pytest.fixture
def as_(db: None) -> Callable[..., Client]:
    """`as_(ines).get(...)`: a client that is signed in, with a second factor unless `second_factor=False`."""

    def client(user: User, **how: Any) -> Client:
        return sign_in(Client(), user, **how)

    return client
