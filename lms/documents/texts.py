"""Every text that documents print, by key, in each language."""

from lms.models.document import DocumentLanguage

_TEXTS: dict[str, tuple[str, str]] = {
    # Titles.
    "SCHEDULE": ("Repayment schedule", "पुनर्भुगतान अनुसूची"),
    "STATEMENT": ("Statement of account", "ऋण खाता विवरण"),
    "RECEIPT": ("Receipt", "भुगतान रसीद"),
    "INTEREST": ("Interest certificate", "ब्याज प्रमाणपत्र"),
    "FORECLOSURE": ("Foreclosure letter", "समय-पूर्व ऋण-बंदी पत्र"),
    "NO_DUES": ("No-dues certificate", "अदेयता प्रमाणपत्र"),
    "GST_INVOICE": ("Tax invoice", "कर बीजक (GST)"),
    "GST_CREDIT_NOTE": ("Credit note", "जमा पत्र (GST)"),
    "GST_DEBIT_NOTE": ("Debit note", "नामे पत्र (GST)"),
    # The frame of every page.
    "page": ("Page", "पृष्ठ"),
    "borrower": ("Borrower", "ऋणी"),
    "loan": ("Loan account", "ऋण खाता"),
    "product": ("Product", "ऋण का प्रकार"),
    "address": ("Address", "पता"),
    "issued_on": ("Issued on", "जारी करने की तिथि"),
    "as_of": ("As of", "दिनांक तक"),
    "period": ("Period", "अवधि"),
    "registration": ("RBI registration {number}", "भारतीय रिज़र्व बैंक पंजीकरण {number}"),
    "company": ("CIN {number}", "CIN {number}"),
    "contact": ("Phone {phone}, e-mail {email}", "फ़ोन {phone}, ई-मेल {email}"),
    "grievance": ("Grievance redressal officer: {officer}", "शिकायत निवारण अधिकारी: {officer}"),
    "verify": (
        "To verify this document, scan the code or open this address:",
        "इस दस्तावेज़ की पुष्टि के लिए कोड स्कैन करें या यह पता खोलें:",
    ),
    "code": ("Verification code {code}", "सत्यापन कोड {code}"),
    "supersedes": ("This document replaces {number}.", "यह दस्तावेज़ {number} के स्थान पर जारी किया गया है।"),
    "no_signature": (
        "This document was made by a computer and needs no signature.",
        "यह दस्तावेज़ कंप्यूटर द्वारा बनाया गया है; हस्ताक्षर की आवश्यकता नहीं है।",
    ),
    "in_rupees": ("All amounts in rupees (₹).", "सभी राशियाँ रुपये (₹) में हैं।"),
    "in_words": ("In words: {words}", "शब्दों में: {words}"),
    # Components and totals.
    "principal": ("Principal", "मूलधन"),
    "interest": ("Interest", "ब्याज"),
    "fee": ("Fees", "शुल्क"),
    "tax": ("GST", "जीएसटी"),
    "penal": ("Penal charges", "दंडात्मक शुल्क"),
    "charges": ("Charges", "अन्य शुल्क"),
    "excess": ("Held in excess", "अतिरिक्त जमा राशि"),
    "total": ("Total", "कुल"),
    "amount": ("Amount", "राशि"),
    # Schedule.
    "sanctioned": ("Amount sanctioned", "स्वीकृत राशि"),
    "disbursed_on": ("Disbursed on", "वितरण की तिथि"),
    "rate": ("Interest rate a year", "वार्षिक ब्याज दर"),
    "instalments": ("Instalments", "किस्तों की संख्या"),
    "serial": ("No.", "क्रम"),
    "due_date": ("Due date", "देय तिथि"),
    "opening": ("Opening balance", "प्रारंभिक शेष"),
    "instalment": ("Instalment", "किस्त"),
    "closing": ("Closing balance", "अंतिम शेष"),
    "due_note": (
        "An instalment that is unpaid at the day-end of its due date is overdue from that day.",
        "देय तिथि के दिन के अंत तक न चुकाई गई किस्त उसी दिन से अतिदेय मानी जाती है।",
    ),
    # Statement.
    "date": ("Date", "तिथि"),
    "particulars": ("Particulars", "विवरण"),
    "reference": ("Reference", "संदर्भ"),
    "debit": ("Debit", "नामे"),
    "credit": ("Credit", "जमा"),
    "balance": ("Balance", "शेष"),
    "opening_on": ("Balance before {day}", "{day} से पहले का शेष"),
    "entries": ("Entries", "प्रविष्टियाँ"),
    "no_entries": ("There are no entries in this period.", "इस अवधि में कोई प्रविष्टि नहीं है।"),
    "dues": ("Instalments due in the period", "इस अवधि में देय किस्तें"),
    "paid": ("Paid", "चुकाया"),
    "open": ("Open", "बकाया"),
    "standing": ("Standing on {day}", "{day} की स्थिति"),
    "outstanding_principal": ("Principal outstanding", "बकाया मूलधन"),
    "outstanding_interest": ("Interest outstanding", "बकाया ब्याज"),
    "outstanding_charges": ("Charges outstanding", "बकाया शुल्क"),
    "overdue": ("Overdue", "अतिदेय राशि"),
    "days_past_due": ("Days past due", "अतिदेय दिन"),
    "next_due": ("Next due", "अगली देय किस्त"),
    "balance_note": (
        "The balance is all that is owed at the end of the day, interest earned up to it included, less money held.",
        "शेष में उस दिन के अंत तक अर्जित ब्याज सहित कुल देय राशि है, जिसमें से जमा अतिरिक्त राशि घटाई गई है।",
    ),
    "kind.DISBURSE": ("Disbursal", "ऋण वितरण"),
    "kind.TAKE_OVER": ("Balance brought in", "पिछला शेष"),
    "kind.RECEIVE": ("Payment received", "भुगतान प्राप्त"),
    "kind.CHARGE": ("Charge", "शुल्क"),
    "kind.PENAL": ("Penal charge", "दंडात्मक शुल्क"),
    "kind.WAIVE": ("Waiver", "छूट"),
    "kind.BOUNCE": ("Payment returned", "भुगतान अस्वीकृत"),
    "kind.PREPAY": ("Part-prepayment", "आंशिक पूर्व-भुगतान"),
    "kind.RATE_CHANGE": ("Change of rate", "ब्याज दर में परिवर्तन"),
    "kind.RESCHEDULE": ("Rescheduled", "पुनर्निर्धारण"),
    "kind.MORATORIUM": ("Moratorium", "भुगतान स्थगन"),
    "kind.PAUSE": ("Interest paused", "ब्याज विराम"),
    "kind.SETTLE": ("Settlement", "समझौता भुगतान"),
    "kind.WRITE_OFF": ("Written off", "बट्टे खाते में डाला गया"),
    "kind.RECOVER": ("Recovery", "वसूली"),
    "kind.FORECLOSE": ("Foreclosure", "समय-पूर्व ऋण-बंदी"),
    "kind.REFUND": ("Refund of excess", "अतिरिक्त राशि की वापसी"),
    "kind.OTHER": ("Change of terms", "शर्तों में परिवर्तन"),
    # Receipt.
    "received_from": (
        "Received with thanks from {name} on {day}:",
        "{name} से {day} को सधन्यवाद प्राप्त:",
    ),
    "applied_to": ("Applied to", "राशि का समायोजन"),
    "realised": (
        "Payments by cheque or mandate count once the bank has credited them.",
        "चेक या मैंडेट से किया गया भुगतान बैंक में जमा होने पर ही मान्य है।",
    ),
    # Interest certificate.
    "financial_year": ("Financial year {label}", "वित्तीय वर्ष {label}"),
    "interest_statement": (
        "This is to certify what was charged and paid on this loan from {first} to {last}.",
        "प्रमाणित किया जाता है कि इस ऋण पर {first} से {last} तक निम्न राशियाँ लगीं और चुकाई गईं।",
    ),
    "provisional": (
        "Provisional: the year is not over; figures up to {last}.",
        "अनंतिम: वर्ष समाप्त नहीं हुआ है; आँकड़े {last} तक के हैं।",
    ),
    "interest_paid": ("Interest paid", "चुकाया गया ब्याज"),
    "principal_repaid": ("Principal repaid", "चुकाया गया मूलधन"),
    "penal_paid": ("Penal charges paid", "चुकाया गया दंडात्मक शुल्क"),
    "fee_paid": ("Fees and GST paid", "चुकाया गया शुल्क और जीएसटी"),
    "recovered": ("Paid after the write-off", "बट्टे खाते के बाद चुकाई गई राशि"),
    "interest_charged": ("Interest charged", "लगाया गया ब्याज"),
    "principal_bridge": ("Principal in the year", "वर्ष में मूलधन"),
    "principal_opening": ("Outstanding on {day}", "{day} को बकाया"),
    "principal_lent": ("Disbursed or brought in", "वितरित या लाया गया"),
    "principal_capitalised": ("Interest added to the principal", "मूलधन में जोड़ा गया ब्याज"),
    "principal_given_up": ("Given up or written off", "छोड़ा गया या बट्टे खाते में"),
    "principal_closing": ("Outstanding on {day} (closing)", "{day} को बकाया (अंतिम)"),
    "paid_in_year": ("Paid in the year", "वर्ष में भुगतान"),
    # Foreclosure.
    "foreclosure_statement": (
        "The loan can be closed on {day} by paying the amount below.",
        "नीचे दी गई राशि चुकाकर यह ऋण {day} को बंद किया जा सकता है।",
    ),
    "foreclosure_charge": ("Foreclosure charge", "समय-पूर्व बंदी शुल्क"),
    "foreclosure_tax": ("GST on the foreclosure charge", "बंदी शुल्क पर जीएसटी"),
    "less_excess": ("Less: held in excess", "घटाएँ: अतिरिक्त जमा राशि"),
    "payable": ("Payable on {day}", "{day} को देय राशि"),
    "per_day": (
        "Each day later adds about {amount} of interest; ask for a new letter for another day.",
        "प्रत्येक अतिरिक्त दिन पर लगभग {amount} ब्याज जुड़ेगा; किसी अन्य दिन के लिए नया पत्र माँगें।",
    ),
    "valid_until": ("This letter holds until {day}.", "यह पत्र {day} तक मान्य है।"),
    "quote_number": ("Quote no.", "उद्धरण संख्या"),
    "by_day": ("Payable, by the day of payment", "भुगतान के दिन के अनुसार देय राशि"),
    # No dues.
    "no_dues_statement": (
        "This is to certify that {name} has paid this loan in full. It was closed on {day}; nothing is owed on it.",
        "प्रमाणित किया जाता है कि {name} ने यह ऋण पूर्णतः चुका दिया है। ऋण {day} को बंद हुआ; इस पर कोई राशि देय नहीं है।",
    ),
    "settled_statement": (
        "This is to certify that this loan of {name} was settled on {day} for less than was owed. Nothing more is "
        "claimed on it.",
        "प्रमाणित किया जाता है कि {name} का यह ऋण {day} को समझौते के अंतर्गत देय राशि से कम में निपटाया गया। "
        "इस पर अब कोई दावा नहीं है।",
    ),
    "closed_on": ("Closed on", "बंद होने की तिथि"),
    "lent": ("Amount lent", "दी गई राशि"),
    "total_paid": ("Paid in all", "कुल चुकाई गई राशि"),
    "refund_due": (
        "We hold {amount} for you, which will be paid back.",
        "आपकी {amount} राशि हमारे पास जमा है, जो लौटाई जाएगी।",
    ),
    # GST.
    "supplier": ("Supplier", "आपूर्तिकर्ता"),
    "supplier_gstin": ("GSTIN of the supplier", "आपूर्तिकर्ता का GSTIN"),
    "recipient": ("Recipient", "प्राप्तकर्ता"),
    "recipient_gstin": ("GSTIN of the recipient", "प्राप्तकर्ता का GSTIN"),
    "place_of_supply": ("Place of supply", "आपूर्ति का स्थान"),
    "tax_number": ("Invoice no.", "बीजक संख्या"),
    "tax_note_number": ("Note no.", "पत्र संख्या"),
    "original_invoice": ("Original invoice", "मूल बीजक"),
    "invoice_date": ("Date", "तिथि"),
    "sac": ("SAC", "SAC"),
    "taxable": ("Taxable value", "कर-योग्य मूल्य"),
    "tax_rate": ("Rate", "दर"),
    "unregistered": ("not registered", "अपंजीकृत"),
    "reverse_charge": ("Tax is not payable on reverse charge.", "कर प्रतिवर्ती प्रभार पर देय नहीं है।"),
}


class Wording:
    """The texts of one language."""

    def __init__(self, language: DocumentLanguage) -> None:
        self.language = language
        self._place = 1 if language is DocumentLanguage.HI else 0

    def __call__(self, key: str, **values: str) -> str:
        """Return a text with its places filled.

        Raises:
            KeyError: there is no such text, or a place is not filled.
        """
        return _TEXTS[key][self._place].format(**values)


def text_keys() -> tuple[str, ...]:
    """Return the keys of all texts."""
    return tuple(_TEXTS)
