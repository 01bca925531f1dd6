"""States and union territories of India with their GST codes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class State:
    """A state or union territory: `code` is ISO 3166-2:IN without the country, `gst_code` the one in a GSTIN."""

    code: str
    gst_code: str
    name: str


STATES: tuple[State, ...] = (
    State("JK", "01", "Jammu and Kashmir"),
    State("HP", "02", "Himachal Pradesh"),
    State("PB", "03", "Punjab"),
    State("CH", "04", "Chandigarh"),
    State("UK", "05", "Uttarakhand"),
    State("HR", "06", "Haryana"),
    State("DL", "07", "Delhi"),
    State("RJ", "08", "Rajasthan"),
    State("UP", "09", "Uttar Pradesh"),
    State("BR", "10", "Bihar"),
    State("SK", "11", "Sikkim"),
    State("AR", "12", "Arunachal Pradesh"),
    State("NL", "13", "Nagaland"),
    State("MN", "14", "Manipur"),
    State("MZ", "15", "Mizoram"),
    State("TR", "16", "Tripura"),
    State("ML", "17", "Meghalaya"),
    State("AS", "18", "Assam"),
    State("WB", "19", "West Bengal"),
    State("JH", "20", "Jharkhand"),
    State("OD", "21", "Odisha"),
    State("CG", "22", "Chhattisgarh"),
    State("MP", "23", "Madhya Pradesh"),
    State("GJ", "24", "Gujarat"),
    State("DH", "26", "Dadra and Nagar Haveli and Daman and Diu"),
    State("MH", "27", "Maharashtra"),
    State("KA", "29", "Karnataka"),
    State("GA", "30", "Goa"),
    State("LD", "31", "Lakshadweep"),
    State("KL", "32", "Kerala"),
    State("TN", "33", "Tamil Nadu"),
    State("PY", "34", "Puducherry"),
    State("AN", "35", "Andaman and Nicobar Islands"),
    State("TS", "36", "Telangana"),
    State("AP", "37", "Andhra Pradesh"),
    State("LA", "38", "Ladakh"),
)
_BY_CODE = {state.code: state for state in STATES} | {state.gst_code: state for state in STATES}


def state_by_code(code: str) -> State | None:
    """Return the state with a two-letter or GST code, or None when there is no such state."""
    return _BY_CODE.get(code.strip().upper())
