"""What a vendor's answer means for the caller: whether anything can have happened, and whether to ask again."""


class VendorError(Exception):
    """Base of what goes wrong with a call; `reason` is fit for staff and holds no personal data."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class VendorUnsure(VendorError):
    """No answer, or none that means anything: the request may have had its effect."""


class VendorAway(VendorError):
    """The request was not sent: the vendor's circuit is open, or its contract allows no call now."""

    def __init__(self, reason: str, *, retry_seconds: float = 1) -> None:
        self.retry_seconds = retry_seconds
        super().__init__(reason)


class VendorRefused(VendorError):
    """The vendor understood and said no: nothing happened. `is_about_us`: whatever we had asked."""

    def __init__(self, reason: str, *, code: str = "", is_about_us: bool = False) -> None:
        self.code = code
        self.is_about_us = is_about_us
        super().__init__(reason)


class VendorNotFound(VendorError):
    """The vendor does not know what it was asked about."""


class VendorDuplicate(VendorError):
    """The vendor has had this key before: what became of it has to be looked up."""
