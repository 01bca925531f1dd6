"""What the books carry of provisions: the sum of all that runs and reversals posted."""

from typing import Final

from django.db.models import Sum

from lms.models import ProvisionPosting

MOVEMENT: Final = "PROVIDED"


def provisions_held() -> dict[tuple[str, ProvisionPosting.Head], int]:
    """Return what the postings add up to, by product and balance, in paise; the reserve has an empty product."""
    rows = ProvisionPosting.objects.order_by().values_list("product_code", "head").annotate(Sum("amount_paise"))
    return {(product_code, ProvisionPosting.Head(head)): int(amount) for product_code, head, amount in rows if amount}


def provided_by_product() -> dict[str, dict[str, int]]:
    """Return the same by product and "MOVEMENT:HEAD", as loans name what they have booked; without the reserve."""
    found: dict[str, dict[str, int]] = {}
    for (product_code, head), amount in provisions_held().items():
        if head != ProvisionPosting.Head.RESERVE:
            found.setdefault(product_code, {})[f"{MOVEMENT}:{head.value}"] = amount
    return found
