"""Who works here: users, teams, the audit trail, and the installation itself."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import AbstractUser, UserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from loopcare.staff.enums import AuditAction, Role, Scope, World


class TeamQuerySet(models.QuerySet["Team"]):
    def visible_to(self, user: User) -> TeamQuerySet:
        """Agents and supervisors know their own team; the other roles all of them."""
        return self if user.sees_all_teams else self.filter(pk=user.team_pk)


class Team(models.Model):
    """A group of agents that shares a queue."""

    name = models.CharField(_("name"), max_length=80, unique=True)

    objects = TeamQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class UserQuerySet(models.QuerySet["User"]):
    def visible_to(self, user: User) -> UserQuerySet:
        return self if user.sees_all_teams else self.filter(Q(pk=user.pk) | Q(team_id=user.team_pk))


class Users(UserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Django's own manager, with our words."""


class User(AbstractUser):
    """Somebody who signs in. One role each; the team decides which cases they see."""

    role = models.CharField(_("role"), max_length=16, choices=Role.choices, default=Role.AGENT)
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, verbose_name=_("team"))
    display_name = models.CharField(_("display name"), max_length=80, blank=True)
    language = models.CharField(
        _("language"), max_length=10, choices=settings.LANGUAGES, default=settings.LANGUAGE_CODE
    )
    shortcuts = models.BooleanField(_("single-key shortcuts"), default=True)

    objects = Users()  # type: ignore[misc]

    class Meta(AbstractUser.Meta):
        constraints = [
            models.CheckConstraint(name="user_role_known", condition=Q(role__in=Role.values)),
            # An agent without a team would see no case and be asked about none.
            models.CheckConstraint(name="user_agent_has_team", condition=~Q(role=Role.AGENT) | Q(team__isnull=False)),
        ]

    @property
    def sees_all_teams(self) -> bool:
        return self.role in (Role.ANALYST, Role.AUDITOR, Role.ADMINISTRATOR) or (
            self.role == Role.SUPERVISOR and self.team_id is None
        )

    @property
    def team_pk(self) -> int:
        """The team whose rows this user sees; 0, which no team has, where there is none."""
        return self.team_id or 0

    def __str__(self) -> str:
        return self.display_name or self.username


class AuditQuerySet(models.QuerySet["AuditEntry"]):
    def visible_to(self, user: User) -> AuditQuerySet:
        return self if user.role in (Role.AUDITOR, Role.ADMINISTRATOR) else self.filter(actor=user)


class AuditEntry(models.Model):
    """One act that must be answerable for: who, when, what, on which row. Append-only, ids only."""

    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    action = models.CharField(max_length=20, choices=AuditAction.choices)
    subject = models.CharField(max_length=40, help_text=_("the kind of row, such as customer"))
    subject_id = models.BigIntegerField(null=True)
    note = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()

    objects = AuditQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["subject", "subject_id", "id"], name="audit_by_subject")]


class Installation(models.Model):
    """This installation, one row: live or demo, its brand, and how far a demo world's clock runs ahead."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    world = models.CharField(max_length=4, choices=World.choices, default=World.LIVE)
    brand = models.CharField(_("brand"), max_length=60, default="LoopCare")
    clock_offset = models.DurationField(default=timedelta(0))

    objects = models.Manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="installation_single", condition=Q(id=1)),
            # Real promises to real customers are made in real time.
            models.CheckConstraint(
                name="installation_live_clock_is_true",
                condition=Q(world=World.DEMO) | Q(clock_offset=timedelta(0)),
            ),
        ]


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def visible_to(self, user: User) -> ApiKeyQuerySet:
        return self if user.role in (Role.AUDITOR, Role.ADMINISTRATOR) else self.none()


class ApiKey(models.Model):
    """A system that calls the API: exactly what it may do, as what, and how much of it.

    The secret is not here: it is derived from the installation's secret key and `public_id`, so a stolen database
    signs nothing. The hash tells a derived secret that no longer fits, because the secret key was changed.
    """

    name = models.CharField(_("name"), max_length=80)
    public_id = models.CharField(max_length=24, unique=True, db_collation="C")
    secret_sha256 = models.CharField(max_length=64)
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope.choices), verbose_name=_("may"))
    sources = ArrayField(
        models.CharField(max_length=40),
        default=list,
        blank=True,
        verbose_name=_("sources"),
        help_text=_("codes of the sources it may write for; empty means any"),
    )
    calls_per_minute = models.PositiveIntegerField(_("calls per minute"), default=600)
    rows_per_minute = models.PositiveIntegerField(_("rows per minute"), default=1_000_000)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True, help_text=_("to about five minutes"))

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            # A key that may do nothing, or something nobody has heard of, was a mistake.
            models.CheckConstraint(
                name="api_key_scopes_known",
                condition=Q(scopes__len__gt=0) & Q(scopes__contained_by=Scope.values),
            ),
            models.CheckConstraint(
                name="api_key_limits_positive", condition=Q(calls_per_minute__gt=0) & Q(rows_per_minute__gt=0)
            ),
        ]
