"""Refusals of the ledger."""

from core.errors import KistError


class JournalKeyReused(KistError):
    """The idempotency key was used before for another posting."""

    code = "ledger.journal_key_reused"
    http_status = 409
    template = (
        "The key '{idempotency_key}' already posted journal {journal_id} with other content. "
        "Send the first content again, or use a new key."
    )


class PostingRuleMissing(KistError):
    """No posting rule says what a movement means for a head."""

    code = "ledger.posting_rule_missing"
    http_status = 422
    template = "{movement} of {head} has no posting rule: this movement may not happen. Check the event that caused it."


class ProductAccountMissing(KistError):
    """A product has no account for a role that a posting needs."""

    code = "ledger.product_account_missing"
    http_status = 422
    template = (
        "Product {product_code} has no account for {role}. Map the role to an account under Ledger > Product accounts."
    )


class ProductAccountsEqual(KistError):
    """Both sides of a posting would be the same account."""

    code = "ledger.product_accounts_equal"
    http_status = 422
    template = (
        "Product {product_code} maps {debit_role} and {credit_role} to the same account {account_code}. "
        "Give them different accounts under Ledger > Product accounts."
    )


class AccountInactive(KistError):
    """An account that takes no postings would be posted to."""

    code = "ledger.account_inactive"
    http_status = 422
    template = (
        "Account {account_code} takes no postings. Activate it, or map {role} of {product_code} to another account."
    )


class AmountTooLarge(KistError):
    """An amount, or the total of a journal, has more than eighteen digits."""

    code = "ledger.amount_too_large"
    http_status = 422
    template = "The posting {event} has an amount of more than 18 digits in paise. Check the amount."


class JournalAlreadyReversed(KistError):
    """A journal can be reversed once."""

    code = "ledger.journal_already_reversed"
    http_status = 409
    template = "Journal {journal_id} was reversed by journal {reversed_by_id}. Open that journal."


class JournalIsReversal(KistError):
    """A reversal cannot be reversed."""

    code = "ledger.journal_is_reversal"
    http_status = 409
    template = "Journal {journal_id} is itself a reversal. Post the original movement again instead."
