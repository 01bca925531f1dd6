"""The product of imported loans: made by the map, or in the book already with the same terms."""

from django.contrib.auth.models import User

from lms.engine.codec import terms_from_dict
from lms.models import Product, ProductVersion
from lms.services.imports.errors import ImportProductDiffers
from lms.services.imports.map_product import ProductRule, row_terms_of
from lms.services.products import product_create, product_version_publish

_LIMITS = (
    "principal_min_paise",
    "principal_max_paise",
    "rate_min_pct",
    "rate_max_pct",
    "instalment_count_min",
    "instalment_count_max",
)


def product_check(*, rule: ProductRule) -> ProductVersion | None:
    """Find the version of the map's product.

    Returns:
        The version; None when the product, or its first version, is still to be made.

    Raises:
        ImportProductDiffers: a product of this code has another name, or no version with the map's terms and limits.
    """
    product = Product.objects.filter(code=rule.code).first()
    if product is None:
        return None
    if product.name != rule.name:
        raise ImportProductDiffers(product=rule.code, what="name")
    versions = list(product.versions.order_by("-number"))
    version = next((version for version in versions if _is_same(version, rule)), None)
    if version is None and versions:
        raise ImportProductDiffers(product=rule.code, what="set of terms or limits")
    return version


def product_ensure(*, rule: ProductRule, actor: User | None) -> ProductVersion:
    """Return the version of the map's product, made now if the book lacks the product.

    Raises:
        ImportProductDiffers: as `product_check`.
        The refusals of `product_create` and `product_version_publish`.
    """
    reason = "Named by the map of an import"
    return product_check(rule=rule) or product_version_publish(
        product=product_create(code=rule.code, name=rule.name, actor=actor, reason=reason),
        terms_template=rule.terms,
        principal_min_paise=rule.principal_min_paise,
        principal_max_paise=rule.principal_max_paise,
        rate_min_pct=rule.rate_min_pct,
        rate_max_pct=rule.rate_max_pct,
        instalment_count_min=rule.instalment_count_min,
        instalment_count_max=rule.instalment_count_max,
        effective_from=rule.effective_from,
        actor=actor,
        reason=reason,
    )


def _is_same(version: ProductVersion, rule: ProductRule) -> bool:
    placeholders = row_terms_of(principal_paise=1, annual_rate_pct=rule.rate_max_pct, instalment_count=1)
    same_terms = terms_from_dict({**version.terms_template, **placeholders}) == terms_from_dict(
        {**rule.terms, **placeholders}
    )
    same_limits = all(getattr(version, name) == getattr(rule, name) for name in _LIMITS)
    return same_terms and same_limits and version.effective_from <= rule.effective_from
