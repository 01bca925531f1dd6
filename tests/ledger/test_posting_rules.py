"""The table of posting rules says what accountants expect."""

import pytest

from ledger.chart import CHART, LINE_PRODUCT_LINES, PRODUCT_LINES
from ledger.errors import PostingRuleMissing
from ledger.models import Account, AccountKind, AccountRole, ProductAccount
from ledger.posting_rules import RULES, posting_rule
from ledger.selectors import balance_of
from ledger.services import chart_seed, product_accounts_create
from tests.factories.ledger import ledger_ready, moved, post

RECEIVABLES = {
    "PRINCIPAL": "LOAN_PRINCIPAL",
    "INTEREST": "INTEREST_RECEIVABLE",
    "FEE": "FEE_RECEIVABLE",
    "TAX": "FEE_RECEIVABLE",
    "PENAL": "PENAL_RECEIVABLE",
}


@pytest.mark.parametrize("head", RECEIVABLES)
@pytest.mark.parametrize(
    ("movement", "debit"),
    [
        ("RECEIVED", "BANK"),
        ("APPLIED", "EXCESS"),
        ("WAIVED", "WAIVER_EXPENSE"),
        ("WRITTEN_OFF", "WRITE_OFF_EXPENSE"),
    ],
)
def test_what_settles_a_due_credits_the_account_that_carries_it(movement: str, debit: str, head: str) -> None:
    rule = posting_rule(movement=movement, head=head)

    assert (rule.debit, rule.credit) == (debit, RECEIVABLES[head])


@pytest.mark.parametrize(
    ("movement", "head", "debit", "credit"),
    [
        ("DISBURSED", "PRINCIPAL", "LOAN_PRINCIPAL", "BANK"),
        ("ACCRUED", "INTEREST", "INTEREST_RECEIVABLE", "INTEREST_INCOME"),
        ("CHARGED", "TAX", "FEE_RECEIVABLE", "GST_PAYABLE"),
        ("CAPITALISED", "INTEREST", "LOAN_PRINCIPAL", "INTEREST_RECEIVABLE"),
        ("SUSPENDED", "INTEREST", "INTEREST_INCOME", "INTEREST_SUSPENSE"),
        ("SUSPENDED", "PENAL", "PENAL_INCOME", "PENAL_SUSPENSE"),
        ("SUSPENDED", "FEE", "FEE_INCOME", "FEE_SUSPENSE"),
        ("RECOVERED", "PRINCIPAL", "BANK", "RECOVERY_INCOME"),
        ("REFUNDED", "EXCESS", "EXCESS", "BANK"),
        ("TAKEN_OVER", "EXCESS", "TAKEOVER_CLEARING", "EXCESS"),
    ],
)
def test_rule_names_the_roles_that_it_moves_between(movement: str, head: str, debit: str, credit: str) -> None:
    rule = posting_rule(movement=movement, head=head)

    assert (rule.debit, rule.credit) == (debit, credit)


def test_penal_charges_have_no_path_to_principal() -> None:
    with pytest.raises(PostingRuleMissing):
        posting_rule(movement="CAPITALISED", head="PENAL")
    to_principal = {head for (_, head), rule in RULES.items() if rule.debit == AccountRole.LOAN_PRINCIPAL}

    assert to_principal == {"PRINCIPAL", "INTEREST", "FEE", "TAX"}


def test_principal_is_never_income() -> None:
    incomes = {AccountRole.INTEREST_INCOME, AccountRole.FEE_INCOME, AccountRole.PENAL_INCOME}

    assert {rule.credit for (_, head), rule in RULES.items() if head == "PRINCIPAL"} & incomes == set()


def test_every_rule_is_between_two_roles_that_a_product_gets() -> None:
    given = {line.role for line in (*PRODUCT_LINES, *LINE_PRODUCT_LINES)}

    assert given == set(AccountRole)
    assert {role for rule in RULES.values() for role in (rule.debit, rule.credit)} == given
    assert [key for key, rule in RULES.items() if rule.debit == rule.credit] == []


@pytest.mark.django_db
@pytest.mark.parametrize(("movement", "head"), RULES)
def test_every_rule_posts_for_a_product_with_its_accounts(movement: str, head: str) -> None:
    ledger_ready()
    product_accounts_create(product_code="PL", name="Product PL", is_line=True)
    rule = RULES[movement, head]

    post(moved(movement, head, 700))
    post(moved(movement, head, -200))

    assert balance_of(product_code="PL", role=rule.debit) == 500
    assert balance_of(product_code="PL", role=rule.credit) == -500


def test_code_of_an_account_begins_with_the_digit_of_its_kind() -> None:
    first_digit = {
        "1": AccountKind.ASSET,
        "2": AccountKind.LIABILITY,
        "3": AccountKind.EQUITY,
        "4": AccountKind.INCOME,
        "5": AccountKind.EXPENSE,
        "8": AccountKind.MEMO,
    }
    product_lines = (*PRODUCT_LINES, *LINE_PRODUCT_LINES)

    assert {line.code: line.kind for line in CHART} == {line.code: first_digit[line.code[0]] for line in CHART}
    assert {line.code: line.kind for line in product_lines} == {
        line.code: first_digit[line.code[0]] for line in product_lines
    }
    assert len({line.code for line in CHART}) == len(CHART)


@pytest.mark.django_db
def test_product_gets_accounts_of_its_own_and_shares_bank_and_tax() -> None:
    chart_seed()
    product_accounts_create(product_code="PL", name="Personal loan")
    product_accounts_create(product_code="GL", name="Gold loan")

    codes = dict(ProductAccount.objects.filter(product_code="GL").values_list("role", "account__code"))

    assert (codes["BANK"], codes["GST_PAYABLE"], codes["LOAN_PRINCIPAL"]) == ("1010", "2310", "1110.GL")
    assert Account.objects.get(code="1110.GL").name == "Loan principal: Gold loan"
    assert ProductAccount.objects.count() == 2 * len(PRODUCT_LINES)


@pytest.mark.django_db
def test_accounts_of_a_product_are_created_once_and_its_mapping_is_kept() -> None:
    chart_seed()
    product_accounts_create(product_code="PL", name="Personal loan")
    other_bank = Account.objects.create(code="1011", name="Second bank", kind="ASSET")
    ProductAccount.objects.filter(product_code="PL", role="BANK").update(account=other_bank)
    before = Account.objects.count()

    chart_seed()
    product_accounts_create(product_code="PL", name="Renamed")

    assert Account.objects.count() == before
    assert ProductAccount.objects.get(product_code="PL", role="BANK").account == other_bank
    assert Account.objects.get(code="1110.PL").name == "Loan principal: Personal loan"


@pytest.mark.django_db
def test_product_works_without_the_rest_of_the_chart() -> None:
    product_accounts_create(product_code="PL", name="Personal loan")

    assert post(moved("DISBURSED", "PRINCIPAL", 1)) is not None
