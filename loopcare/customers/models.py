"""Who the customer is: reference, brand, region, tiers, attributes, and how they can be reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from loopcare.customers.encryption import EncryptedText
from loopcare.customers.enums import ActivityTier, Consent, PointKind, PointStatus, ValueTier
from loopcare.staff.enums import Role

if TYPE_CHECKING:
    from loopcare.staff.models import User


class Region(models.Model):
    """A place customers live in, with its time zone: nobody is called at night."""

    code = models.CharField(_("code"), max_length=20, primary_key=True, db_collation="C")
    name = models.CharField(_("name"), max_length=60)
    time_zone = models.CharField(_("time zone"), max_length=40)

    objects = models.Manager()

    class Meta:
        ordering = ["code"]


class CustomerQuerySet(models.QuerySet["Customer"]):
    def visible_to(self, user: User) -> CustomerQuerySet:
        """Agents meet a customer only through a case of theirs, never by browsing."""
        return self.none() if user.role == Role.AGENT else self


class Customer(models.Model):
    """A person or firm served, known by the operator's own reference.

    Brand and region are codes; an empty one is unknown and shown as `?`. Language and zone are the customer's own
    when known, else the region's and the installation's. The database asks for the regions of a landing at once
    (migration 0002), because a check per row costs as much as the row.
    """

    reference = models.CharField(_("reference"), max_length=64, unique=True, db_collation="C")
    name = EncryptedText(_("name"), null=True, blank=True)
    brand = models.CharField(_("brand"), max_length=40, blank=True, db_collation="C")
    region = models.ForeignKey(
        Region,
        models.PROTECT,
        null=True,
        blank=True,
        db_column="region",
        db_constraint=False,
        db_index=False,
        verbose_name=_("region"),
    )
    language = models.CharField(_("language"), max_length=10, blank=True)
    value_tier = models.CharField(_("value tier"), max_length=10, choices=ValueTier.choices, blank=True)
    activity_tier = models.CharField(_("activity tier"), max_length=8, choices=ActivityTier.choices, blank=True)
    attributes = models.JSONField(_("attributes"), default=dict, blank=True)
    created_at = models.DateTimeField()

    objects = CustomerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="customer_reference_given", condition=~Q(reference="")),
            models.CheckConstraint(
                name="customer_value_tier_known", condition=Q(value_tier__in=["", *ValueTier.values])
            ),
            models.CheckConstraint(
                name="customer_activity_tier_known", condition=Q(activity_tier__in=["", *ActivityTier.values])
            ),
        ]


class ContactPoint(models.Model):
    """One phone number or e-mail address. The only table that holds one; everywhere else stands its id.

    Status and consent are plain beside it, so that planning a campaign decrypts nothing.
    """

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="points")
    kind = models.CharField(max_length=5, choices=PointKind.choices)
    value = EncryptedText()
    index = models.BinaryField(max_length=16, editable=False)
    last_four = models.BinaryField(max_length=16, editable=False, help_text=_("blind index of the last four digits"))
    rank = models.PositiveSmallIntegerField(default=0, help_text=_("0 is tried first"))
    status = models.CharField(max_length=7, choices=PointStatus.choices, default=PointStatus.OK)
    consent = models.CharField(max_length=9, choices=Consent.choices, default=Consent.UNKNOWN)

    objects = models.Manager()

    class Meta:
        ordering = ["customer_id", "kind", "rank", "id"]
        constraints = [
            # The same number twice on one customer is one number.
            models.UniqueConstraint(fields=["customer", "kind", "index"], name="point_once_per_customer"),
            models.CheckConstraint(name="point_kind_known", condition=Q(kind__in=PointKind.values)),
            models.CheckConstraint(name="point_status_known", condition=Q(status__in=PointStatus.values)),
            models.CheckConstraint(name="point_consent_known", condition=Q(consent__in=Consent.values)),
        ]
        indexes = [
            models.Index(fields=["index"], name="point_by_value"),
            models.Index(fields=["last_four"], name="point_by_last_four"),
        ]
