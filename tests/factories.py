"""The small cast of people. Each has one role and the same password."""

import factory
from django.contrib.auth.models import Group

from pingadmin.accounts.models import User
from pingadmin.accounts.roles import ADMIN, ROLES

PASSWORD = "pingadmin-demo"


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User
        django_get_or_create = ["username"]
        skip_postgeneration_save = True

    username = factory.Sequence(lambda number: f"person{number}")
    password = factory.django.Password(PASSWORD)
    is_staff = factory.LazyAttribute(lambda person: person.role_name == ADMIN)

    class Params:
        role_name = ""

    @factory.post_generation
    def role(self, create, extracted, **kwargs):
        if create and extracted:
            self.groups.set([Group.objects.get(name=extracted)])
            self.__dict__.pop("role", None)


def person(username: str, role: str) -> User:
    """A person of that name and role."""
    assert role in ROLES
    return UserFactory(username=username, role=role, role_name=role)
