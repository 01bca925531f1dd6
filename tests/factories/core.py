"""Users of the back office."""

import factory
from django.contrib.auth.models import User


class UserFactory(factory.django.DjangoModelFactory[User]):
    """A member of staff without a role."""

    class Meta:
        model = User

    username = factory.Sequence(lambda number: f"staff{number}")
    is_staff = True
