"""Expected refusals: what a caller did wrong, in words that staff can act on."""

from typing import ClassVar


class KistError(Exception):
    """Base of every refusal that a caller can expect.

    Subclasses set `code` (stable, `app.reason`) and `template`, a message that says what to do; its placeholders are
    filled from `context`, whose values are ids, amounts and dates, never personal data.
    """

    code: ClassVar[str]
    template: ClassVar[str]
    http_status: ClassVar[int] = 400

    def __init__(self, **context: object) -> None:
        self.context = {key: _plain(value) for key, value in context.items()}
        self.message = self.template.format(**self.shown(context))
        super().__init__(self.message)

    @staticmethod
    def shown(context: dict[str, object]) -> dict[str, object]:
        """Return what fills the template: the context, and in subclasses what people read better."""
        return context


def _plain(value: object) -> str | int | None:
    """Reduce a context value to what JSON can carry."""
    return value if isinstance(value, str | int) or value is None else str(value)
