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


_SEE = ("core.view_*", "customers.view_*", "ledger.view_*", "lms.view_*", "payments.view_*")
_TOOLS = ("core.issue_apitoken",)
_TOOLS_OF_ALL = ("core.revoke_apitoken", "core.add_reasoncode", "core.change_reasoncode")
_CUSTOMERS = ("customers.add_*", "customers.change_*")
_SERVICING = ("lms.sanction_loan", "lms.disburse_loan", "lms.post_receipt", "lms.levy_charge", "lms.record_bounce")
_PREPAYING = ("lms.prepay_loan", "lms.foreclose_loan", "lms.post_recovery")
_ACCOUNTS = ("ledger.add_account", "ledger.change_account", "ledger.add_productaccount", "ledger.change_productaccount")
_BOOKS = ("ledger.run_*", "ledger.request_*", "ledger.approve_*", "ledger.export_*", "ledger.publish_*")
_CLOSING = ("ledger.close_period", "ledger.post_in_soft_closed_period")
_PROVISIONS = ("lms.publish_provision*", "lms.approve_provisions", "lms.mark_loan_risk")
_PRODUCTS = ("lms.add_product*", "lms.change_product*", "lms.publish_*", "core.publish_actrules")
_CORRECTING = ("lms.reverse_fact", "lms.grant_waiver", "lms.refund_*", "lms.run_*")
_GIVING_UP = ("lms.write_off_loan", "lms.settle_loan")
_NEW_TERMS = ("lms.change_rate", "lms.reschedule_loan", "lms.freeze_loan")
# Who may ask for an act that always needs a second person, beside those who may do it.
_ASKING = ("lms.grant_waiver", "lms.settle_loan", "lms.reschedule_loan", "lms.refund_*")
_APPROVING_MONEY = ("lms.approve_backdated", "lms.approve_money_back")
_UNBLOCKING = ("core.decide_saga", "core.replay_message", "core.file_message")
_DRAWING = ("lms.draw_line", "lms.block_line")
_LINES = ("lms.sanction_line", "lms.unblock_line", "lms.change_line_limit", "lms.renew_line", "lms.close_line")
_DOCUMENTS = ("lms.issue_document", "lms.download_document")
_BUREAU_CASES = ("lms.fix_bureau_rejection", "lms.handle_bureau_dispute")
_BUREAU_FILES = ("lms.build_bureau_file", "lms.download_bureau_file", "lms.send_bureau_file")
_PAYING = ("payments.request_payout", "payments.add_proofjob", "payments.request_paymentlink")
_LOAN_ACCOUNTS = ("payments.manage_virtualaccount",)
_COUNTER = ("payments.take_cash", "payments.deposit_cash")
_BANK_SAYS = ("payments.confirm_deposit", "payments.clear_cheque", "payments.confirm_settlement")
_SUSPENSE = ("payments.resolve_suspense", "payments.refund_payment", "payments.move_payment")
_APPROVING_PAYOUTS = ("payments.approve_payout", "payments.approve_payment")
# Second persons agree to what comes of these.
_ANSWERING = ("payments.handle_dispute", "payments.answer_payout")
_VENDORS = (
    "payments.add_vendor",
    "payments.change_vendor",
    "payments.change_secret",
    "payments.add_vendorroute",
    "payments.change_vendorroute",
    "payments.publish_paymentparameters",
    "payments.publish_compensationrule",
)

ROLES: Final[tuple[Role, ...]] = (
    Role("analyst", _SEE),
    Role(
        "operations",
        (
            *_SEE,
            *_TOOLS,
            *_CUSTOMERS,
            *_SERVICING,
            *_PREPAYING,
            *_DRAWING,
            *_DOCUMENTS,
            *_ASKING,
            *_BUREAU_CASES,
            *_PAYING,
            *_LOAN_ACCOUNTS,
            *_COUNTER,
            *_ANSWERING,
        ),
    ),
    Role(
        "finance",
        (
            *_SEE,
            *_TOOLS,
            *_ACCOUNTS,
            *_BOOKS,
            *_CLOSING,
            *_DOCUMENTS,
            *_PROVISIONS,
            *_DOCUMENTS,
            *_APPROVING_MONEY,
            *_UNBLOCKING,
            *_BUREAU_FILES,
            *_PAYING,
            *_LOAN_ACCOUNTS,
            *_COUNTER,
            *_BANK_SAYS,
            *_SUSPENSE,
            *_ANSWERING,
            *_APPROVING_PAYOUTS,
            "lms.post_receipt",
            "lms.reverse_fact",
            "lms.refund_*",
            "lms.run_*",
        ),
    ),
    Role(
        "manager",
        (
            *_SEE,
            *_TOOLS,
            *_TOOLS_OF_ALL,
            *_CUSTOMERS,
            "customers.unmask_*",
            "customers.merge_*",
            "customers.approve_*",
            *_SERVICING,
            *_PREPAYING,
            *_ACCOUNTS,
            *_BOOKS,
            *_PRODUCTS,
            *_PROVISIONS,
            *_CORRECTING,
            *_GIVING_UP,
            *_NEW_TERMS,
            *_DRAWING,
            *_LINES,
            *_DOCUMENTS,
            "lms.approve_*",
            *_UNBLOCKING,
            *_BUREAU_CASES,
            *_BUREAU_FILES,
            *_PAYING,
            *_LOAN_ACCOUNTS,
            *_COUNTER,
            *_BANK_SAYS,
            *_SUSPENSE,
            *_ANSWERING,
            *_APPROVING_PAYOUTS,
            "payments.decide_payeecheck",
            *_VENDORS,
            "core.read_message",
            "core.add_authoritylimit",
            "core.change_authoritylimit",
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
