"""Every act of payments that the rules for a second person know."""

from typing import Final

from core.acts.approval import act_register
from core.acts.registry import Act
from payments.acts.answers import BANK_ANSWER_ACT
from payments.acts.disputes import ACCEPT_ACT, DECIDE_ACT
from payments.acts.incoming import APPLY_ACT, GIVE_BACK_ACT, MOVE_ACT

PAYMENT_ACTS: Final[tuple[Act, ...]] = (APPLY_ACT, GIVE_BACK_ACT, MOVE_ACT, ACCEPT_ACT, DECIDE_ACT, BANK_ANSWER_ACT)


def acts_register() -> None:
    """Make the acts of payments known to the rules and to maker and checker."""
    for act in PAYMENT_ACTS:
        act_register(act)
