import pytest
from django.core.cache import cache
from django.core.mail import send_mail
from django.db import connection


@pytest.mark.django_db
def test_database_answers():
    with connection.cursor() as cursor:
        cursor.execute("select 1")
    cache.set("x", 1)
    assert cache.get("x") == 1


def test_mail(smtp):
    send_mail("hej", "då", "a@example.com", ["platform@example.com"])
    assert smtp.mails(to="platform@example.com")[0]["Subject"] == "hej"
