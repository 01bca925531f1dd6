"""Measured rates of the ledger: `python -m bench.ledger` prints each beside its limit, taken in the same run.

Parts can be named: `python -m bench.ledger invariants hot`.

Needs DATABASE_URL of a MariaDB or MySQL server on which databases may be created; the benchmark makes one of its own
and drops it.
"""

import multiprocessing
import statistics
import sys
import time
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from django.db import connection, transaction

from bench.app import load_line, own_database
from bench.backdated import backdated_report
from bench.callers import captured, captured_chain, rate, replay_raw, replay_raw_in_turn
from bench.invariants import invariants_report
from core.business_date import business_date_set
from core.transactions import run_in_transaction
from customers.services import customer_create
from ledger.checks import ledger_check
from ledger.models import Account, AccountKind, AccountMode, ProductAccount
from ledger.services import (
    JournalOrder,
    MovementAmount,
    account_create,
    chart_seed,
    journal_post,
    journals_post_many,
    ledger_roll,
    periods_create,
    product_accounts_create,
)
from lms.engine.facts import Disburse
from lms.models import ProductVersion
from lms.services.bulk import LoanDraft, loans_book_many
from lms.services.products import product_create, product_version_publish, terms_for_loan
from lms.services.receipts import receipt_post

CALLERS = 16
EACH = 20
ROUNDS = 3
TODAY = date(2026, 4, 10)
LENT = date(2026, 3, 1)
BATCH = 100


def main() -> None:
    """Make a database, print the rates of the parts that are named, or of all, and drop the database."""
    # The raw client leaves rows without their journals behind: what reads the whole ledger comes before it.
    parts: dict[str, Callable[[], None]] = {
        "invariants": invariants_report,
        "hot": hot_account,
        "receipts": receipts,
        "bulk": bulk,
        "backdated": partial(backdated_report, TODAY),
    }
    wanted = [part for part in parts if part in sys.argv[1:] or not sys.argv[1:]]
    if connection.vendor != "mysql":
        sys.exit("Set DATABASE_URL to a MariaDB or MySQL server, such as mysql://root@127.0.0.1:3306/kist_bench.")
    with own_database():
        business_date_set(to=TODAY)
        chart_seed()
        periods_create(upto=TODAY)
        loan_product_make()
        for part in wanted:
            print(f"{part}: {load_line()}")
            parts[part]()


def report(name: str, value: float, limit: float, limit_name: str, bar: float) -> None:
    """Print a rate, its limit, and their ratio beside the bar."""
    print(f"{name:<48} {value:>9,.0f}/s  {limit_name:<26} {limit:>9,.0f}/s  ratio {value / limit:5.2f}  bar {bar:.2f}")


def receipts() -> None:
    """Post receipts through the public service, on loans of their own and all on one."""
    loans = loans_make(2 * ROUNDS * CALLERS * EACH + CALLERS + 2)
    warm = partial(_receive_warm, loans[-CALLERS - 2 :])
    own, raw_own = [], []
    for number in range(ROUNDS):
        ours, theirs = (loans[(2 * number + part) * CALLERS * EACH :][: CALLERS * EACH] for part in (0, 1))
        own.append(rate(partial(_receive_each, ours, number), callers=CALLERS, each=EACH, warm=warm))
        sent = captured([partial(_receive, loan, f"raw{number}") for loan in theirs])
        raw_own.append(rate(partial(_replay_each, sent), callers=CALLERS, each=EACH))
    report("receipt, loans of their own, 16 callers", median(own), median(raw_own), "raw client, same SQL", 0.35)
    hot, other = loans[-2:]
    one = rate(partial(_receive_on, hot), callers=CALLERS, each=EACH, warm=warm)
    chain = captured_chain([partial(_receive, other, f"chain{n}") for n in range(CALLERS * EACH)])
    turn = multiprocessing.get_context("fork").Value("i", 0)
    in_turn = partial(replay_raw_in_turn, chain, count=EACH, turn=turn)
    raw_one = rate(lambda _: in_turn(), callers=CALLERS, each=EACH)
    report("receipt, all on one loan, 16 callers", one, raw_one, "raw client, same SQL", 0.2)


def hot_account() -> None:
    """Post single journals on accounts of their own, then with one bank account that all of them share."""
    codes = [f"B{number:02d}" for number in range(CALLERS)]
    for code in codes:
        product_accounts_create(product_code=code, name=f"Bench {code}")
    own = ProductAccount.objects.filter(product_code__in=codes).exclude(account__code__in=("1010", "2310"))
    Account.objects.filter(pk__in=own.values("account")).update(mode=AccountMode.SYNC)
    banks = {
        code: account_create(code=f"1010.{code}", name=code, kind=AccountKind.ASSET, mode=AccountMode.SYNC)
        for code in codes
    }
    shared = {
        mode: account_create(code=f"1010.{mode}", name=mode, kind=AccountKind.ASSET, mode=mode) for mode in AccountMode
    }
    rates: dict[str, list[float]] = {"spread": [], "deferred": [], "naive": []}
    for number in range(ROUNDS):
        for kind, found in rates.items():
            for code in codes:
                bank = {
                    "spread": banks[code],
                    "deferred": shared[AccountMode.DEFERRED],
                    "naive": shared[AccountMode.SYNC],
                }
                ProductAccount.objects.filter(product_code=code, role="BANK").update(account=bank[kind])
            found.append(rate(partial(_post_each, codes, f"{kind}{number}"), callers=CALLERS, each=4 * EACH))
    spread = median(rates["spread"])
    report(
        "journal, all on one bank account, deferred", median(rates["deferred"]), spread, "accounts of their own", 0.9
    )
    report("  the same posted at once, for comparison", median(rates["naive"]), spread, "accounts of their own", 0)
    begun = time.perf_counter()
    rolled = ledger_roll()
    print(f"{'roller, entries of one account after the other':<48} {rolled / (time.perf_counter() - begun):>9,.0f}/s")
    print(f"invariants after all callers: {', '.join(ledger_check().broken) or 'all held'}")


def bulk() -> None:
    """Post batches of journals, against the same statements sent by a raw client."""
    batches = 20
    ours, limits = [], []
    for number in range(ROUNDS):
        own = rate(partial(_post_batches, f"own{number}", batches), callers=1, each=batches * BATCH)
        sent = captured([partial(_post_batch, f"raw{number}:{batch}") for batch in range(batches)])
        ours.append(own)
        limits.append(rate(partial(_replay_all, sent), callers=1, each=batches * BATCH))
    report("bulk posting, 100 journals per commit", median(ours), median(limits), "batched SQL, raw client", 0.5)


def loan_product_make() -> None:
    """Create the product that loans and journals of the benchmark belong to."""
    product = product_create(code="BENCH", name="Bench")
    product_version_publish(
        product=product,
        terms_template={},
        principal_min_paise=1_000_00,
        principal_max_paise=10_00_000_00,
        rate_min_pct=Decimal(0),
        rate_max_pct=Decimal(48),
        instalment_count_min=1,
        instalment_count_max=120,
        effective_from=date(2020, 1, 1),
    )


def loans_make(count: int) -> list[int]:
    """Book loans, each of a borrower of its own, and return their keys."""
    version = ProductVersion.objects.get(product__code="BENCH")
    terms = terms_for_loan(
        version=version, principal_paise=1_20_000_00, annual_rate_pct=Decimal(24), instalment_count=12
    )
    lent = Disburse(sequence=1, value_date=LENT, amount_paise=terms.principal_paise)
    drafts = [
        LoanDraft(
            key=f"bench:{number}",
            customer_id=customer_create(full_name="Asha Verma", phone=f"98{number:08d}", state_code="MH").pk,
            product_version=version,
            terms=terms,
            sanctioned_on=LENT,
            facts=(lent,),
        )
        for number in range(count)
    ]
    return [loan.pk for loan in loans_book_many(drafts=drafts, batch_key="bench")]


def median(values: list[float]) -> float:
    """Return the middle one: the disk and the neighbours drift."""
    return statistics.median(values)


def _receive(loan_id: int, key: str) -> None:
    receipt_post(
        loan_id=loan_id,
        amount_paise=100_00,
        value_date=TODAY,
        reference=f"{key}-{loan_id}",
        idempotency_key=f"{key}:{loan_id}",
    )


def _receive_warm(loans: list[int], place: int) -> None:
    for number in range(3):
        with transaction.atomic():
            _receive(loans[place], f"warm{number}")
            transaction.set_rollback(True)


def _receive_each(loans: list[int], number: int, place: int) -> None:
    for loan_id in loans[place::CALLERS]:
        _receive(loan_id, f"own{number}")


def _receive_on(loan_id: int, place: int) -> None:
    for number in range(EACH):
        _receive(loan_id, f"hot{place}-{number}")


def _post_each(codes: list[str], key: str, place: int) -> None:
    for number in range(4 * EACH):
        run_in_transaction(partial(journal_post, **_order(f"{key}:{place}:{number}", codes[place])))


def _replay_each(sent: list[list[bytes]], place: int) -> None:
    replay_raw(sent[place::CALLERS])


def _replay_all(sent: list[list[bytes]], _: int) -> None:
    replay_raw(sent)


def _post_batches(key: str, batches: int, _: int) -> None:
    for number in range(batches):
        _post_batch(f"{key}:{number}")


def _post_batch(key: str) -> None:
    with transaction.atomic():
        journals_post_many(orders=[JournalOrder(**_order(f"{key}:{number}", "BENCH")) for number in range(BATCH)])


def _order(key: str, product_code: str) -> dict[str, Any]:
    return {
        "idempotency_key": key,
        "event": "BENCH",
        "reference_type": "bench",
        "reference_id": 1,
        "product_code": product_code,
        "movements": [MovementAmount("RECEIVED", "PRINCIPAL", 100)],
        "value_date": TODAY,
        "booked_on": TODAY,
    }


if __name__ == "__main__":
    main()
