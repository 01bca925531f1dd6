"""Every act on a loan, once: what it takes, who may do it, which service does it, and when it needs a second person.

Screens and endpoints reach the services of acts through here alone: `act_submit` does the act or asks for approval,
`act_preview` tells what it would do.
"""

from core.acts.registry import ActWaiting, ApprovalRule
from core.acts.rules import approval_reasons
from lms.acts.catalogue import ACT_BY_SLUG, ACTS, act_of
from lms.acts.registry import ActCall, ActDone, LoanAct
from lms.acts.submitting import act_preview, act_submit

__all__ = [
    "ACTS",
    "ACT_BY_SLUG",
    "ActCall",
    "ActDone",
    "ActWaiting",
    "ApprovalRule",
    "LoanAct",
    "act_of",
    "act_preview",
    "act_submit",
    "approval_reasons",
]
