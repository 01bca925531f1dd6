"""Who may do what: the roles of staff in one table, by patterns over the names of permissions."""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from django.contrib.auth.models import Group, Permission


@dataclass(frozen=True, slots=True)
class Role:
    """A role with the permissions it has, as `app.codename` patterns."""

    name: str
    allowed: tuple[str, ...]


_SEE = ("core.view_*", "customers.view_*", "ledger.view_*", "lms.view_*")
_CUSTOMERS = ("customers.add_*", "customers.change_*")
_SERVICING = ("lms.sanction_loan", "lms.disburse_loan", "lms.post_receipt", "lms.levy_charge", "lms.record_bounce")
_PREPAYING = ("lms.prepay_loan", "lms.foreclose_loan", "lms.post_recovery")
_ACCOUNTS = ("ledger.add_account", "ledger.change_account", "ledger.add_productaccount", "ledger.change_productaccount")
_BOOKS = ("ledger.run_*", "ledger.request_*", "ledger.approve_*", "ledger.export_*")
_CLOSING = ("ledger.close_period", "ledger.post_in_soft_closed_period")
_PRODUCTS = ("lms.add_product*", "lms.change_product*", "lms.publish_*")
_CORRECTING = ("lms.reverse_fact", "lms.grant_waiver", "lms.refund_*", "lms.run_*")
_GIVING_UP = ("lms.write_off_loan", "lms.settle_loan")
_NEW_TERMS = ("lms.change_rate", "lms.reschedule_loan")

ROLES: Final[tuple[Role, ...]] = (
    Role("analyst", _SEE),
    Role("operations", (*_SEE, *_CUSTOMERS, *_SERVICING, *_PREPAYING)),
    Role(
        "finance",
        (*_SEE, *_ACCOUNTS, *_BOOKS, *_CLOSING, "lms.post_receipt", "lms.reverse_fact", "lms.refund_*", "lms.run_*"),
    ),
    Role(
        "manager",
        (
            *_SEE,
            *_CUSTOMERS,
            "customers.unmask_*",
            *_SERVICING,
            *_PREPAYING,
            *_ACCOUNTS,
            *_BOOKS,
            *_PRODUCTS,
            *_CORRECTING,
            *_GIVING_UP,
            *_NEW_TERMS,
        ),
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
    return any(fnmatchcase(name, pattern) for pattern in role.allowed)
