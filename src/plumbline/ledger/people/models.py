"""The tables of people. Rows stay inside this package, but for the one that signs in."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from plumbline.domain.person import Purview, Right, Role


class Everybody(BaseUserManager["PersonRow"]):
    """Finds people by the name they sign in with."""


class PersonRow(AbstractBaseUser):
    """Somebody who may sign in."""

    USERNAME_FIELD = "name"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    name = models.CharField(max_length=64, unique=True)
    role = models.CharField(max_length=16, default=Role.VIEWER.value)
    # Rights beside those of the role, and what may be seen, as `Purview` writes it.
    rights = models.JSONField(default=list)
    purview = models.JSONField(default=list)
    is_active = models.BooleanField(default=True)
    created = models.DateTimeField(auto_now_add=True)
    created_by = models.CharField(max_length=200, blank=True)

    objects: ClassVar[Everybody] = Everybody()

    def __str__(self) -> str:
        return self.name

    @property
    def may(self) -> frozenset[Right]:
        """Everything the person may do."""
        return Role(self.role).rights | frozenset(map(Right, self.rights))

    @property
    def sees(self) -> Purview:
        """What the person may see."""
        return Purview.parse(self.purview)


class TokenRow(models.Model):
    """A key for programs, in somebody's name; only its hash is kept."""

    person = models.ForeignKey(PersonRow, models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=64)
    digest = models.CharField(max_length=64, unique=True)
    # Its first characters, to be told apart in lists.
    hint = models.CharField(max_length=16)
    role = models.CharField(max_length=16)
    purview = models.JSONField(default=list)
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField()
    used = models.DateTimeField(null=True)
    revoked = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"token {self.name} of {self.person_id}"


class LinkRow(models.Model):
    """A link that can be used once, by whoever has it; only its hash is kept."""

    kind = models.CharField(max_length=16)
    digest = models.CharField(max_length=64, unique=True)
    person = models.ForeignKey(PersonRow, models.CASCADE, null=True, related_name="links")
    # What it is about where that is no person: a connection.
    subject = models.CharField(max_length=200, blank=True)
    created = models.DateTimeField(auto_now_add=True)
    created_by = models.CharField(max_length=200)
    expires = models.DateTimeField()
    used = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"link {self.kind}"


class ViewRow(models.Model):
    """A list as somebody wants to see it again: its filter, order and columns, never its rows."""

    # Found by this in addresses; it ends by chance, so that it tells of nobody's other views.
    slug = models.CharField(max_length=64, unique=True)
    person = models.ForeignKey(PersonRow, models.CASCADE, related_name="views")
    kind = models.CharField(max_length=32)
    name = models.CharField(max_length=64)
    query = models.TextField(blank=True)
    # Empty for the list's own.
    order = models.JSONField(default=list)
    columns = models.JSONField(default=list)
    shared = models.BooleanField(default=False)
    created = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True)

    class Meta:
        """A name is taken once by each person in each list."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["person", "kind", "name"], name="view_names"),
        ]

    def __str__(self) -> str:
        return f"view {self.slug}"


class LayoutRow(models.Model):
    """How a person wants a list to look, and with which view it begins."""

    person = models.ForeignKey(PersonRow, models.CASCADE, related_name="layouts")
    kind = models.CharField(max_length=32)
    # Empty for the list's own.
    columns = models.JSONField(default=list)
    order = models.JSONField(default=list)
    dense = models.BooleanField(default=False)
    begins = models.ForeignKey(ViewRow, models.SET_NULL, null=True, related_name="beginners")

    class Meta:
        """One for each person and list."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["person", "kind"], name="one_layout"),
        ]

    def __str__(self) -> str:
        return f"layout of {self.kind} for {self.person_id}"
