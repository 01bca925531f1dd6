"""A row for every screen of the admin."""

from datetime import UTC, date, datetime
from decimal import Decimal

from core.approvals.services import Attachment
from core.models import InboxMessage, Saga, SentEvent
from core.reasons.services import reason_codes_seed
from core.tokens.services import token_issue
from customers.models import CustomerMerge
from ledger.gst.rules import gst_seed
from lms.acts import act_of, act_submit
from lms.acts.class_changes import classification_payload
from lms.dry_runs.jobs import dry_run_create
from lms.models import DayEnd, DryRunKind, ImportBatch, Loan, RateChoice
from lms.services.benchmarks import benchmark_create, benchmark_rate_publish, product_benchmark_set
from lms.services.classification_rules import Thresholds, classification_seed
from lms.services.freezes import customer_freeze
from lms.services.holidays import holidays_publish
from lms.services.lines.rules import line_parameters_seed
from lms.services.rate_campaigns import rate_campaign_create, rate_campaign_prepare
from lms.services.servicing_rules import servicing_seed
from payments.models import CompensationRule, IncomingPayment, PayoutCompensation, Settlement
from payments.services.compensations import compensation_rules_seed
from payments.services.deposits import Cheque, CounterOrder, counter_take, deposit_make
from payments.services.disputes import dispute_paper_add
from payments.services.links import LinkRequest, link_request
from payments.services.refunds import refund_request
from payments.services.virtual_accounts import payer_allow, virtual_account_request
from tests.factories.book import levy, receive
from tests.factories.bureau import bureau_fill
from tests.factories.lines import make_line
from tests.factories.lms import make_customer, make_loan, make_sanctioned_loan, set_business_date
from tests.factories.payments import ask_payout, make_account, make_parameters, make_proof, make_vendor
from tests.factories.payments_in import arrive, arrive_on, disputed
from tests.factories.provisions import provisions_fill
from tests.factories.staff import make_staff
from tests.lms.documents.book import issue_some

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def everything_fill() -> Loan:
    """Make a running loan with a receipt and a waiver that waits, and a row of every other screen."""
    set_business_date(date(2026, 3, 10))
    loan = make_loan()
    receive(loan, 5_000_00, date(2026, 3, 1))
    DayEnd.objects.create(business_date=date(2026, 3, 9), state=DayEnd.State.CLOSED)
    classification_seed()
    line_parameters_seed()
    make_line(customer=loan.customer)
    servicing_fill(loan)
    provisions_fill()
    dry_run_fill()
    gst_seed()
    levy(loan, "STATEMENT", date(2026, 3, 1))
    issue_some(loan)
    bureau_fill(loan)
    payments_fill(loan)
    Saga.objects.create(kind="tests.past", intent_key="past", state="DONE")
    InboxMessage.objects.create(source="tests", event_id="past", raw=b"{}", queue="tests")
    SentEvent.objects.create(event_id="past", topic="tests.past", payload={}, created_at=NOW, subscribers=0)
    ImportBatch.objects.create(file_name="tape.csv", map_name="map", product_code="PL", snapshot_date=date(2026, 3, 1))
    reason_codes_seed()
    operator = make_staff("operations")
    token_issue(owner=operator, actor=operator, name="Sheet", days=30)
    act_submit(
        act=act_of(slug="waive"),
        loan_id=loan.pk,
        values={"component": "INTEREST", "amount_paise": 1_00, "value_date": date(2026, 3, 10)},
        reason="Goodwill",
        reason_code="GOODWILL",
        actor=make_staff("operations"),
        idempotency_key="waits",
        attachments=(Attachment(name="letter.pdf", content=b"%PDF-1.4"),),
    )
    return loan


def dry_run_fill() -> None:
    """Try thresholds on the book, and declare a holiday."""
    thresholds = Thresholds(npa_from_days=100)
    payload = classification_payload(
        effective_from=date(2026, 3, 10), thresholds=thresholds, source="Circular", reason="Board"
    )
    dry_run_create(kind=DryRunKind.CLASSIFICATION, change=payload, idempotency_key="try", actor=make_staff("manager"))
    holidays_publish(added={date(2026, 11, 8): "Diwali"}, removed=[], reason="Board")


def payments_fill(loan: Loan) -> None:
    """Create a vendor that nobody calls, a payout that waits for its worker, and a row of each table of payments in."""
    make_parameters()
    vendor = make_vendor(address="http://127.0.0.1:9")
    waiting = make_sanctioned_loan(first_due_date=date(2026, 4, 10))
    account = make_account(customer=waiting.customer)
    make_proof(account=account)
    payout = ask_payout(loan=waiting, account=account)
    IncomingPayment.objects.create(number="IN00000001", source="GATEWAY", amount_paise=1_00, state="SUSPENSE")
    refund_request(payment_id=arrive(vendor=vendor).pk, reason="Paid twice")
    dispute = disputed(payment=arrive_on(loan=loan, vendor=vendor))
    paper = Attachment(name="letter.pdf", content=b"%PDF-1.4")
    dispute_paper_add(dispute_id=dispute.pk, paper=paper, actor=make_staff("operations"))
    compensation_rules_seed()
    PayoutCompensation.objects.create(
        payout=payout,
        rule=CompensationRule.objects.all()[0],
        sent_on=date(2026, 3, 1),
        ended_on=date(2026, 3, 3),
        late_days=1,
        amount_paise=100_00,
        booked_on=date(2026, 3, 3),
    )
    link_request(request=LinkRequest(loan_id=loan.pk, amount_paise=1_00, idempotency_key="link"))
    counter_fill(loan)
    payer_allow(
        account_id=virtual_account_request(loan_id=loan.pk).pk,
        label="Salary",
        account_number="50100011112222",
        ifsc="HDFC0000123",
    )
    Settlement.objects.create(
        vendor=vendor, vendor_reference="setl_1", amount_paise=1_00, fee_paise=0, tax_paise=0, booked_on=NOW.date()
    )


def counter_fill(loan: Loan) -> None:
    """Take a cheque and bring it to the bank."""
    cheque = Cheque(number="123456", bank="A bank", dated=date(2026, 3, 9))
    taken = counter_take(
        order=CounterOrder(loan_id=loan.pk, amount_paise=1_00, idempotency_key="cheque", cheque=cheque)
    )
    deposit_make(payment_ids=[taken.payment_id], bank_reference="SLIP 1", deposited_on=date(2026, 3, 10))


def servicing_fill(loan: Loan) -> None:
    """Create a row of each table of servicing; the merge is of two other customers."""
    servicing_seed()
    repo = benchmark_create(code="REPO", name="Repo rate", reason="Board")
    first = date(2025, 1, 1)
    benchmark_rate_publish(benchmark=repo, effective_from=first, rate_pct=Decimal(6), source="RBI", reason="Board")
    product = loan.product_version.product
    product_benchmark_set(
        product=product,
        benchmark=repo,
        effective_from=date(2026, 3, 11),
        default_choice=RateChoice.EMI,
        reason="Board",
    )
    campaign = rate_campaign_create(
        product=product, delta_pct=Decimal(1), effective_date=date(2026, 6, 1), reason="Board", idempotency_key="rates"
    )
    rate_campaign_prepare(campaign_id=campaign.pk)
    customer_freeze(customer_id=loan.customer_id, effects=["CONTACT"], reason="Asked", idempotency_key="freeze")
    CustomerMerge.objects.create(
        survivor=loan.customer,
        absorbed=make_customer(),
        merged_on=date(2026, 3, 10),
        reason="Same person",
        idempotency_key="merge",
    )
