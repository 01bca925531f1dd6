"""Members of staff with the roles that an installation has."""

from django.contrib.auth.models import Group, User
from django.test import Client

from core.roles import ROLES, roles_sync

ROLE_NAMES = tuple(role.name for role in ROLES)
NOBODY = ""
EVERY_ROLE = frozenset(ROLE_NAMES)
BOOKKEEPERS = frozenset({"finance", "manager"})
SERVICE = frozenset({"operations", "manager"})
CASHIERS = frozenset({"operations", "finance", "manager"})
MANAGER = frozenset({"manager"})
FINANCE = frozenset({"finance"})
NONE: frozenset[str] = frozenset()


def make_staff(role: str) -> User:
    """Return the member of staff with a role; the same one for the same role."""
    if not Group.objects.filter(name=role).exists():
        roles_sync()
    user, is_new = User.objects.get_or_create(username=role, defaults={"is_staff": True})
    if is_new:
        user.groups.add(Group.objects.get(name=role))
        user.set_password("correct horse battery")
        user.save()
    return user


def client_of(role: str) -> Client:
    """Return a browser that is logged in with a role; "" is nobody."""
    client = Client()
    if role:
        client.force_login(make_staff(role))
    return client
