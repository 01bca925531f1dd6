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


class PeriodClosed(KistError):
    """A posting would be booked in a month that is closed."""

    code = "ledger.period_closed"
    http_status = 409
    template = (
        "{month} is {state}: nothing is booked on {booked_on}. Book it in an open month, or have the month re-opened."
    )


class PeriodStateWrong(KistError):
    """A month cannot go from the state it is in to the one asked for."""

    code = "ledger.period_state_wrong"
    http_status = 409
    template = "{month} is {state}; it cannot be {wanted}. A month is soft closed, then hard closed, then re-opened."


class PeriodNotOver(KistError):
    """A month that the business date has not left would be closed."""

    code = "ledger.period_not_over"
    http_status = 409
    template = "{month} is not over: the books are on {business_date}. Close it after its last day-end."


class PeriodEarlierOpen(KistError):
    """An earlier month has postings and is not closed yet."""

    code = "ledger.period_earlier_open"
    http_status = 409
    template = "{earlier} is not closed as {month} would be. Close the months in their order."


class PeriodLedgerBroken(KistError):
    """The books of a month would be closed although an invariant is broken."""

    code = "ledger.period_ledger_broken"
    http_status = 409
    template = "{month} stays open: the ledger breaks {broken}. Run `manage.py ledger_check` and mend what it names."


class PeriodReopenByOne(KistError):
    """One person alone would re-open a month."""

    code = "ledger.period_reopen_by_one"
    http_status = 403
    template = "A month is re-opened by two persons. Ask somebody else to agree."


class ReasonMissing(KistError):
    """An act that is looked at later was asked for without a reason."""

    code = "ledger.reason_missing"
    template = "Say why: the reason is kept in the audit trail. Write a sentence for the next person who reads it."


class AccountLimitReached(KistError):
    """A posting or hold would take an account past its limit."""

    code = "ledger.account_limit_reached"
    http_status = 409
    template = (
        "Account {account_code} may not go past {limit_paise} paise; with what is held it would be {balance_paise}. "
        "Lower the amount, or bring money in first."
    )


class AccountNotOpened(KistError):
    """An account that is posted to at once has no balance row."""

    code = "ledger.account_not_opened"
    http_status = 409
    template = "Account {account_code} has no balance yet. Run `manage.py ledger_roll`, which opens it."


class AccountUnknown(KistError):
    """There is no account of this code."""

    code = "ledger.account_unknown"
    http_status = 404
    template = "There is no account {account_code}. Pick one of the chart of accounts."


class AccountModeFixed(KistError):
    """Limits or holds were asked for on an account that the roller serves, or its mode would change after postings."""

    code = "ledger.account_mode_fixed"
    http_status = 409
    template = (
        "Account {account_code} gets its entries from the roller and can have no limits or holds. "
        "Use an account that is posted at once; the mode is chosen before the first posting."
    )


class AccountTakesNoManual(KistError):
    """A line by hand names a control account."""

    code = "ledger.account_takes_no_manual"
    http_status = 422
    template = (
        "Account {account_code} is kept by its loans and takes no manual journal. Post the act on the loan, "
        "or allow manual journals under Ledger > Accounts if nothing else posts to it."
    )


class AccountClosed(KistError):
    """A line names an account that takes no postings."""

    code = "ledger.account_closed"
    http_status = 422
    template = "Account {account_code} takes no postings. Activate it, or pick another account."


class JournalUnbalanced(KistError):
    """Debits and credits of a journal differ."""

    code = "ledger.journal_unbalanced"
    http_status = 422
    template = "Debits are {debit_paise} paise and credits {credit_paise}. Both sums must be the same."


class JournalLineWrong(KistError):
    """A line has no amount, two amounts, or a negative one."""

    code = "ledger.journal_line_wrong"
    http_status = 422
    template = "Line {line} must have either a debit or a credit, above zero and of at most 18 digits in paise."


class JournalLinesMissing(KistError):
    """A journal by hand has too few or too many lines."""

    code = "ledger.journal_lines_missing"
    http_status = 422
    template = "A journal has at least one debit and one credit, and at most {most} lines. Split it, or complete it."


class JournalAccountTwice(KistError):
    """An account is on both sides of one journal."""

    code = "ledger.journal_account_twice"
    http_status = 422
    template = "Account {account_code} is debited and credited. Write the difference on one side."


class ValueDateInFuture(KistError):
    """A journal counts from a day that the books have not reached."""

    code = "ledger.value_date_in_future"
    http_status = 422
    template = "{value_date} is after the business date {business_date}. Use a day that the books have reached."


class AmountNotPositive(KistError):
    """An amount of money is zero or negative."""

    code = "ledger.amount_not_positive"
    http_status = 422
    template = "The amount is {amount_paise} paise; it must be above zero."


class HoldKeyReused(KistError):
    """The idempotency key placed another hold."""

    code = "ledger.hold_key_reused"
    http_status = 409
    template = "The key '{idempotency_key}' placed hold {hold_id} with other content. Use a new key for a new hold."


class HoldEnded(KistError):
    """A hold that was posted, voided or has expired is asked to end in another way."""

    code = "ledger.hold_ended"
    http_status = 409
    template = "Hold {hold_id} is {state} already. Place a new hold if the money is still to move."


class HoldExpired(KistError):
    """A hold is posted after its time."""

    code = "ledger.hold_expired"
    http_status = 409
    template = "Hold {hold_id} expired at {expires_at}. Place a new hold."


class HoldAccountsDeferred(KistError):
    """Neither account of a hold can set money aside."""

    code = "ledger.hold_accounts_deferred"
    http_status = 422
    template = (
        "Accounts {debit_code} and {credit_code} both get their entries from the roller, so nothing can be held there. "
        "One of them must be an account that is posted at once."
    )


class SealFileWrong(KistError):
    """A file of seals cannot be read."""

    code = "ledger.seal_file_wrong"
    http_status = 422
    template = (
        "Line {line} of the file is no seal. Use a file that was downloaded on the page of the ledger check, "
        "or that `manage.py ledger_seal --export` wrote."
    )
