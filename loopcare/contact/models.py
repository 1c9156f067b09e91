"""The only door to a customer: who must not be contacted, what holds it shut, what went out and what was refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from loopcare.common.due_rows import DueRow
from loopcare.contact.enums import Channel, HoldKind, Purpose, Refusal
from loopcare.customers.encryption import EncryptedText
from loopcare.staff.enums import Role

if TYPE_CHECKING:
    from loopcare.staff.models import User


class Suppression(models.Model):
    """Do not contact: one customer, or one number or address whoever bears it; on one channel or on all."""

    customer = models.ForeignKey(
        "customers.Customer", models.CASCADE, null=True, blank=True, related_name="suppressions"
    )
    index = models.BinaryField(max_length=16, null=True, help_text=_("blind index of the number or address"))
    channel = models.CharField(max_length=8, choices=Channel.choices, blank=True, help_text=_("empty: all"))
    reason = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = models.Manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="suppression_of_someone", condition=Q(customer__isnull=False) | Q(index__isnull=False)
            ),
            # Asking twice to be left alone is one wish.
            models.UniqueConstraint(
                fields=["customer", "channel"],
                condition=Q(ended_at=None, customer__isnull=False),
                name="suppression_once_per_customer",
            ),
            models.UniqueConstraint(
                fields=["index", "channel"],
                condition=Q(ended_at=None, index__isnull=False),
                name="suppression_once_per_point",
            ),
        ]


class Hold(models.Model):
    """A note that a stage above leaves on the door: care is open, or the customer is held out of a campaign."""

    customer = models.ForeignKey("customers.Customer", models.CASCADE, related_name="holds")
    kind = models.CharField(max_length=9, choices=HoldKind.choices)
    until = models.DateTimeField(null=True, blank=True)

    objects = models.Manager()

    class Meta:
        constraints = [
            # The second of two is the first one still.
            models.UniqueConstraint(fields=["customer", "kind"], name="hold_once_per_kind"),
            models.CheckConstraint(name="hold_kind_known", condition=Q(kind__in=HoldKind.values)),
        ]


class ContactRule(models.Model):
    """When and how often a channel may be used: data, with the days from which it counts. An example, not legal advice.

    Hours are the customer's local time, `from_hour` inclusive to `to_hour` exclusive; at most `cap` contacts within
    `cap_days` days on this channel.
    """

    channel = models.CharField(max_length=8, choices=Channel.choices)
    from_hour = models.PositiveSmallIntegerField(default=9)
    to_hour = models.PositiveSmallIntegerField(default=20)
    cap = models.PositiveSmallIntegerField(default=3)
    cap_days = models.PositiveSmallIntegerField(default=7)
    effective_from = models.DateField()

    objects = models.Manager()

    class Meta:
        ordering = ["channel", "effective_from"]
        constraints = [
            models.UniqueConstraint(fields=["channel", "effective_from"], name="contact_rule_once_per_day"),
            models.CheckConstraint(
                name="contact_rule_hours_in_order", condition=Q(from_hour__lt=F("to_hour"), to_hour__lte=24)
            ),
        ]


class Contact(models.Model):
    """One contact that happened: a message that left or a customer reached by phone. Feeds the fatigue caps."""

    customer = models.ForeignKey("customers.Customer", models.CASCADE, related_name="contacts")
    channel = models.CharField(max_length=8, choices=Channel.choices)
    purpose = models.CharField(max_length=12, choices=Purpose.choices)
    at = models.DateTimeField()
    key = models.CharField(max_length=80, unique=True, db_collation="C")

    objects = models.Manager()

    class Meta:
        indexes = [models.Index(fields=["customer", "-at"], name="contact_lately")]


class RefusedContact(models.Model):
    """A contact that the governor stopped: why, and when it may be tried next."""

    customer = models.ForeignKey("customers.Customer", models.CASCADE, related_name="refused_contacts")
    channel = models.CharField(max_length=8, choices=Channel.choices)
    purpose = models.CharField(max_length=12, choices=Purpose.choices)
    reason = models.CharField(max_length=12, choices=Refusal.choices)
    at = models.DateTimeField()
    next_allowed_at = models.DateTimeField(null=True, blank=True)

    objects = models.Manager()

    class Meta:
        indexes = [models.Index(fields=["customer", "-at"], name="refused_by_customer")]


class MessageQuerySet(models.QuerySet["Message"]):
    def visible_to(self, user: User) -> MessageQuerySet:
        return self.none() if user.role == Role.AGENT else self


class Message(DueRow):
    """One message in the outbox. `key` is fixed before the first try: one purpose, one message, however often sent.

    Subject and body are encrypted, because a body may carry a personal link; they are emptied once it has left.
    """

    customer = models.ForeignKey("customers.Customer", models.CASCADE, related_name="messages")
    point = models.ForeignKey("customers.ContactPoint", models.SET_NULL, null=True, related_name="+")
    channel = models.CharField(max_length=8, choices=Channel.choices)
    purpose = models.CharField(max_length=12, choices=Purpose.choices)
    key = models.CharField(max_length=80, unique=True, db_collation="C")
    subject = EncryptedText(null=True)
    body = EncryptedText(null=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    refused = models.CharField(max_length=12, choices=Refusal.choices, blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        constraints = [*DueRow.due_constraints("message")]
        indexes = [DueRow.due_index("message_due")]
