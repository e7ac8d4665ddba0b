"""The people who sign in. A person has exactly one role, which is the name of their one group.

Beside them stands what limits their attempts to sign in.
"""

from typing import Self

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone
from django.utils.functional import cached_property

from pingadmin.accounts import own_settings
from pingadmin.accounts.look_alikes import mixed_alphabets, skeleton
from pingadmin.accounts.own_settings import OwnSettings


class User(AbstractUser):
    """stored_settings: how this person's pages look; see own_settings.py."""

    stored_settings = models.JSONField(
        default=dict,
        db_default=models.Value({}, output_field=models.JSONField()),
        blank=True,
        editable=False,
    )

    @property
    def own_settings(self) -> OwnSettings:
        return own_settings.read(self.stored_settings)

    def change_own_settings(self, **changes: object) -> None:
        """Keeps these settings, named as in OwnSettings, beside those that are there."""
        with transaction.atomic():
            stored = User.objects.select_for_update().get(pk=self.pk).stored_settings
            self.stored_settings = (stored if isinstance(stored, dict) else {}) | changes
            self.save(update_fields=["stored_settings"])

    @cached_property
    def role(self) -> str:
        """The name of the person's one role (see roles.py), or an empty text for nobody's."""
        return self.groups.values_list("name", flat=True).first() or ""

    def clean(self) -> None:
        """Refuses a new name that people could take for another. Raises ValidationError."""
        super().clean()
        if not self.username:
            # A form that refused the name has taken it off.
            return
        others = User.objects.exclude(pk=self.pk)
        if User.objects.filter(pk=self.pk, username=self.username).exists():
            return
        if alphabets := mixed_alphabets(self.username):
            names = " and ".join(name.capitalize() for name in alphabets)
            message = (
                f"This name mixes {names} letters, some of which look alike. Use one alphabet."
            )
            raise ValidationError({"username": message})
        own = skeleton(self.username)
        for name in others.values_list("username", flat=True):
            if skeleton(name) == own:
                message = f"This name looks like that of the user {name}. Choose another."
                raise ValidationError({"username": message})

    @property
    def display_name(self) -> str:
        return self.get_full_name() or self.username


class CacheEntryQuerySet(models.QuerySet["CacheEntry"]):
    def live(self) -> Self:
        """Those that still count."""
        return self.exclude(expires_at__lte=timezone.now())

    def expired(self) -> Self:
        return self.filter(expires_at__lte=timezone.now())


class CacheEntry(models.Model):
    """One value of table_cache.py, as JSON. expires_at: None for never."""

    key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires_at = models.DateTimeField(null=True, db_index=True)

    objects = CacheEntryQuerySet.as_manager()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.key
