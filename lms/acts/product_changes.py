"""A new version of a product: what it changes against the version in force, agreed to by a second person."""

from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.contrib.auth.models import User

from core.approvals.registry import ApprovalKind, Payload, register
from core.rehearsal import rehearse
from core.transactions import run_in_transaction
from lms.dry_runs.linking import dry_run_effect
from lms.models import Product, ProductVersion
from lms.services.products import product_version_publish

PRODUCT_VERSION: Final = "lms.product_version"
_LIMITS: Final = (
    "principal_min_paise",
    "principal_max_paise",
    "rate_min_pct",
    "rate_max_pct",
    "instalment_count_min",
    "instalment_count_max",
)


def version_payload(
    *, product: Product, terms_template: dict[str, Any], limits: dict[str, Any], effective_from: date, reason: str
) -> dict[str, Any]:
    """Write a new version as the data of a request.

    Args:
        terms_template: terms as the codec writes them.
        limits: inclusive ranges of amount, rate and instalments, by the names of their columns.
    """
    return {
        "product_id": product.pk,
        "terms_template": terms_template,
        "limits": {name: str(value) if isinstance(value, Decimal) else value for name, value in sorted(limits.items())},
        "effective_from": effective_from.isoformat(),
        "reason": reason,
    }


def approvals_register() -> None:
    """Make a new version of a product an act of two persons."""
    register(
        ApprovalKind(
            code=PRODUCT_VERSION,
            title="Product version",
            make_permission="lms.add_productversion",
            check_permission="lms.approve_new_terms",
            describe=lambda payload: f"New version of {_product(payload).code}, from {payload['effective_from']}",
            subject=lambda payload: (Product._meta.label_lower, payload["product_id"]),
            effect=_effect,
            version=_version,
            execute=lambda payload, maker, _key: version_publish(payload=payload, actor=maker),
            template="lms/_dry_run_effect.html",
        )
    )


def _product(payload: Payload) -> Product:
    return Product.objects.get(pk=payload["product_id"])


def _latest(payload: Payload) -> ProductVersion | None:
    return _product(payload).versions.order_by("-number").first()


def _version(payload: Payload) -> str:
    latest = _latest(payload)
    return str(latest.number if latest else 0)


def version_publish(*, payload: Payload, actor: User) -> ProductVersion:
    """Publish the version of a request; the refusals are those of `product_version_publish`."""
    limits: dict[str, Any] = {
        name: Decimal(value) if name.startswith("rate_") else value for name, value in payload["limits"].items()
    }
    return product_version_publish(
        product=_product(payload),
        terms_template=payload["terms_template"],
        effective_from=date.fromisoformat(payload["effective_from"]),
        reason=payload["reason"],
        actor=actor,
        **limits,
    )


def _effect(payload: Payload, actor: User) -> dict[str, Any]:
    """Publish the version in a rehearsal, and tell where it differs from the one before."""
    latest = _latest(payload)
    before = _figures(latest) if latest else {}

    def publish() -> tuple[int, dict[str, str]]:
        version = version_publish(payload=payload, actor=actor)
        return version.number, _figures(ProductVersion.objects.get(pk=version.pk))

    number, after = run_in_transaction(lambda: rehearse(publish))
    return {
        "product": _product(payload).code,
        "number_before": latest.number if latest else None,
        "number_after": number,
        "from": payload["effective_from"],
        "running_loans": "keep the terms of their own version",
        "changes": [
            {"figure": name, "now": before.get(name, "–"), "then": after.get(name, "–")}
            for name in sorted({*before, *after})
            if before.get(name) != after.get(name)
        ],
        **dry_run_effect(payload=payload),
    }


def _figures(version: ProductVersion) -> dict[str, str]:
    limits = {name: str(getattr(version, name)) for name in _LIMITS}
    return limits | {name: str(value) for name, value in version.terms_template.items()}
