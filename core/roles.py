"""Who may do what: the roles of staff in one table, by patterns over the names of permissions."""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from django.contrib.auth.models import Group, Permission


@dataclass(frozen=True, slots=True)
class Role:
    """A role with the permissions it has: `app.codename` patterns, and patterns of those that it has not after all."""

    name: str
    allowed: tuple[str, ...]
    refused: tuple[str, ...] = ()


_SEE = ("core.view_*", "customers.view_*", "ledger.view_*", "lms.view_*")
# Facts are written by services alone: no role adds, changes or deletes such rows by hand.
_FACTS = ("*.delete_*", "core.add_*", "core.change_*", "ledger.add_journal", "ledger.change_journal")
_BY_HAND = (*_FACTS, "ledger.add_transfer", "ledger.change_transfer", "lms.add_*", "lms.change_*")

ROLES: Final[tuple[Role, ...]] = (
    Role("analyst", _SEE),
    Role(
        "operations",
        (*_SEE, "customers.add_*", "customers.change_*", "lms.*"),
        (*_BY_HAND, "lms.waive_*", "lms.write_off_*", "lms.run_*", "lms.manage_*", "lms.publish_*"),
    ),
    Role(
        "finance",
        (*_SEE, "ledger.*", "lms.*"),
        (*_BY_HAND, "lms.sanction_*", "lms.waive_*", "lms.write_off_*", "lms.manage_*", "lms.publish_*"),
    ),
    Role(
        "manager",
        (*_SEE, "customers.*", "ledger.*", "lms.*"),
        _FACTS,
    ),
)


def roles_sync() -> dict[str, int]:
    """Give the group of each role exactly the permissions that its patterns match now.

    Runs after every migration that adds permissions; permissions of models that this table does not mention stay out.

    Returns:
        How many permissions each role has.
    """
    permissions = {
        f"{permission.content_type.app_label}.{permission.codename}": permission
        for permission in Permission.objects.select_related("content_type")
    }
    counts = {}
    for role in ROLES:
        group, _ = Group.objects.get_or_create(name=role.name)
        matched = [permission for name, permission in permissions.items() if _has(role, name)]
        group.permissions.set(matched)
        counts[role.name] = len(matched)
    return counts


def _has(role: Role, name: str) -> bool:
    return _matches(name, role.allowed) and not _matches(name, role.refused)


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
