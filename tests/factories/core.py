"""Users of the back office."""

from itertools import count

from django.contrib.auth.models import User

_SERIAL = count(1)


def make_user(*, is_superuser: bool = False) -> User:
    """Create a member of staff without a role."""
    return User.objects.create_user(f"staff{next(_SERIAL)}", is_staff=True, is_superuser=is_superuser)
