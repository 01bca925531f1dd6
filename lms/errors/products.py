"""Refusals of products and of sanctions under them."""

from core.errors import KistError


class ProductUnknown(KistError):
    """No product has this code."""

    code = "lms.product_unknown"
    http_status = 404
    template = "There is no product {product}. Check the code, or create the product."


class ProductCodeInvalid(KistError):
    """The code of a product does not follow the rule."""

    code = "lms.product_code_invalid"
    template = "'{product}' is no product code. Use up to 20 capital letters, digits and hyphens, a letter first."


class ProductCodeTaken(KistError):
    """Another product has this code."""

    code = "lms.product_code_taken"
    http_status = 409
    template = "Product {product} exists under another name. Choose another code, or publish a new version of it."


class ProductInactive(KistError):
    """The product is no longer sold."""

    code = "lms.product_inactive"
    http_status = 409
    template = "Product {product} is not active. Choose another product, or activate it."


class ProductVersionNotInForce(KistError):
    """The version starts later."""

    code = "lms.product_version_not_in_force"
    http_status = 409
    template = "Version {version} of product {product} is in force from {effective_from}. Choose the version before it."


class ProductLimitsInvalid(KistError):
    """The limits of a version contradict each other."""

    code = "lms.product_limits_invalid"
    template = "The range of {figure} is empty: {low} to {high}. Give a lower limit that is not above the upper one."


class TermsInvalid(KistError):
    """The terms do not make a loan."""

    code = "lms.terms_invalid"
    template = "These terms make no loan: {problem} Change the terms."


class SanctionOutsideLimits(KistError):
    """The loan is outside what the product version allows."""

    code = "lms.sanction_outside_limits"
    template = "{figure} {value} is outside {low} to {high} of product {product}. Change it, or choose another product."


class RateInvalid(KistError):
    """A rate has too many decimals or is no number."""

    code = "lms.rate_invalid"
    template = "The rate {rate} is not a yearly per cent with at most four decimals, 0 to 9,999. Enter it like 18.5."


class SanctionInFuture(KistError):
    """The sanction is dated after the business date."""

    code = "lms.sanction_in_future"
    template = "The sanction date {sanctioned_on} is after the business date {business_date}. Enter today or earlier."


class LoanNumberTaken(KistError):
    """Another loan has this number or external reference."""

    code = "lms.loan_number_taken"
    http_status = 409
    template = "Another loan has the number or external reference {number}. Use another one."
