"""The people who sign in. A person has exactly one role, which is the name of their one group."""

from django.contrib.auth.models import AbstractUser
from django.utils.functional import cached_property


class User(AbstractUser):
    @cached_property
    def role(self) -> str:
        """The name of the person's one role (see roles.py), or an empty text for nobody's."""
        return self.groups.values_list("name", flat=True).first() or ""

    @property
    def display_name(self) -> str:
        return self.get_full_name() or self.username
