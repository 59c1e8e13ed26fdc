import datetime as dt
import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from incentives_portal.core.clock import DatabaseNow


class Mail(models.Model):
    """A mail that is owed to one person (rule INV-6). Written in the transaction that owes it, sent by `outbox.send_due`.

    `key` names the reason and the recipient; a second mail of the same key can't be owed. `Message-ID` is fixed here,
    so the rare repeat (the mail server's answer was lost) is recognisable as one. `is_secret`: it holds a link that lets in
    whoever has it, so its text goes when the mail is sent or given up (rule ACC-5).
    """

    class State(models.TextChoices):
        OWED = "owed", _("Owed")
        SENT = "sent", _("Sent")
        DEAD = "dead", _("Given up")

    # Of a mail that is being owed: how long it is to wait. Stored as `due_at`.
    hold = dt.timedelta()

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key = models.CharField(max_length=200)
    kind = models.CharField(max_length=40)
    to = models.EmailField()
    language = models.CharField(max_length=5)
    subject = models.CharField(max_length=200)
    text = models.TextField()
    html = models.TextField()
    is_secret = models.BooleanField(default=False, db_default=False)
    # As it goes over the wire, but for its date; empty for what was owed before mails were stored so.
    message = models.BinaryField(null=True)
    message_id = models.CharField(max_length=200)
    state = models.CharField(max_length=4, choices=State.choices, default=State.OWED)
    created_at = models.DateTimeField(db_default=DatabaseNow())
    due_at = models.DateTimeField(db_default=DatabaseNow())
    claim = models.UUIDField(null=True)
    claimed_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=500, blank=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("mail")
        verbose_name_plural = _("mails")
        # Every change of a mail is written to each index, so that none stands beside another that says as much: `unique=True`
        # would make two of each of these, and only a key's beginning is ever asked for (`withdraw`).
        constraints = [
            models.UniqueConstraint(name="mail_key", fields=["key"], opclasses=["varchar_pattern_ops"]),
            models.UniqueConstraint(name="mail_message_id", fields=["message_id"]),
            models.CheckConstraint(
                name="mail_sent_has_a_time", condition=Q(state="sent", sent_at__isnull=False) | ~Q(state="sent") & Q(sent_at=None)
            ),
            models.CheckConstraint(
                name="mail_claim_has_an_end",
                condition=Q(claim=None, claimed_until=None) | Q(claim__isnull=False, claimed_until__isnull=False),
            ),
            models.CheckConstraint(name="mail_is_one_line", condition=~Q(subject__contains="\n") & ~Q(subject__contains="\r")),
        ]
        # The sender's sweep: what is owed, the longest due first.
        indexes = [
            models.Index(F("due_at"), name="mail_owed", condition=Q(state="owed")),
            # The dead letters, for the operator.
            models.Index(F("due_at"), name="mail_dead", condition=Q(state="dead")),
            # Sent per day, on the operator's page.
            models.Index(F("sent_at"), name="mail_sent", condition=Q(state="sent")),
        ]

    def __str__(self) -> str:
        return self.kind
