"""Arithmetic of the tax: pure, integer, rounded once."""

from collections.abc import Sequence
from dataclasses import dataclass

_BPS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxSplit:
    """Tax by who gets it, in paise: the centre and the state share it, or it is integrated."""

    cgst_paise: int = 0
    sgst_paise: int = 0
    igst_paise: int = 0

    @property
    def total_paise(self) -> int:
        """Sum of the three."""
        return self.cgst_paise + self.sgst_paise + self.igst_paise


def tax_on(*, taxable_paise: int, rate_bps: int) -> int:
    """Return the tax on a value, in paise rounded half up."""
    return (2 * taxable_paise * rate_bps + _BPS) // (2 * _BPS)


def split_by_largest_remainder(*, total_paise: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Share an amount by weights so that the parts add up: what is left over goes to the largest remainders.

    Args:
        total_paise: zero or more.
        weights: zero or more each, not all zero; of equal remainders the first gets its paisa first.
    """
    whole = sum(weights)
    if whole <= 0 or total_paise < 0 or min(weights) < 0:
        raise ValueError("An amount of zero or more is shared by weights that are not all zero.")
    parts = [total_paise * weight // whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda place: (-(total_paise * weights[place] % whole), place))
    for place in order[: total_paise - sum(parts)]:
        parts[place] += 1
    return tuple(parts)


def tax_split(*, tax_paise: int, is_inter_state: bool) -> TaxSplit:
    """Split the tax of a supply: within a state half CGST and half SGST, an odd paisa to CGST; else IGST.

    Source: regulation 10 (IGST Act s. 12(12); same State as the registration CGST and SGST, else IGST).
    """
    if is_inter_state:
        return TaxSplit(igst_paise=tax_paise)
    cgst, sgst = split_by_largest_remainder(total_paise=tax_paise, weights=(1, 1))
    return TaxSplit(cgst_paise=cgst, sgst_paise=sgst)


def split_part(*, whole: TaxSplit, part_paise: int) -> TaxSplit:
    """Share a part of a tax over the three as the whole is shared.

    Args:
        part_paise: from zero to the whole's total.
    """
    if whole.total_paise == 0:
        return TaxSplit()
    cgst, sgst, igst = split_by_largest_remainder(
        total_paise=part_paise, weights=(whole.cgst_paise, whole.sgst_paise, whole.igst_paise)
    )
    return TaxSplit(cgst_paise=cgst, sgst_paise=sgst, igst_paise=igst)
