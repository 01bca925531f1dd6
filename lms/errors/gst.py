"""Refusals about the tax of charges."""

from core.errors import KistError


class InstalmentChargeTaxed(KistError):
    """A charge of every instalment would bear tax, and nobody would invoice it."""

    code = "lms.instalment_charge_taxed"
    http_status = 422
    template = (
        "Charge {charge} falls due with every instalment and bears tax, for which no invoice would be issued. "
        "Levy it as a charge of its own, or leave its tax out."
    )
