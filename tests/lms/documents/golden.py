"""One page whose bytes are known, in Hindi: `python -m tests.lms.documents.golden` prints their hash."""

import hashlib
from typing import Any

GOLDEN_SHA256 = "74b9ec3693bf4f843fc166d4397b0da4a0c340af557bc7450ba43f034390dd17"  # pragma: allowlist secret
GOLDEN: dict[str, Any] = {
    "kind": "STATEMENT",
    "language": "hi",
    "title": "ऋण खाता विवरण",
    "subtitle": "01-01-2026 – 09-03-2026",
    "number": "SOA-2025-26-000001",
    "issued": {"year": 2026, "month": 3, "day": 10},
    "page_word": "पृष्ठ",
    "lender": {"name": "Kist Test Finance Private Limited", "lines": ["4 Fort Road, Mumbai 400001"]},
    "blocks": [
        {"kind": "heading", "text": "वित्तीय वर्ष 2025-26"},
        {"kind": "text", "text": "शर्तें, प्रक्रिया शुल्क, दंडात्मक, कृपया, क्षत्रिय: ₹12,34,567.50", "strong": False},
        {
            "kind": "pairs",
            "is_wide": True,
            "rows": [{"label": "चुकाया गया ब्याज", "value": "₹4,491.45", "strong": True}],
        },
        {
            "kind": "table",
            "columns": [
                {"title": "तिथि", "side": "left", "share": 3},
                {"title": "राशि", "side": "right", "share": 2},
            ],
            "is_tight": True,
            "rows": [["01-02-2026", "11,348.00"], ["05-03-2026", "5,000.50"]],
            "total": ["कुल", "16,348.50"],
        },
    ],
    "closing": ["यह दस्तावेज़ कंप्यूटर द्वारा बनाया गया है।"],
    "verify": {
        "address": "https://lender.example/verify/SOA-2025-26-000001/0123456789abcdef/",
        "lines": ["https://lender.example/verify/SOA-2025-26-000001/0123456789abcdef/"],
        "code": "0123 4567 89ab cdef",
        "qr": '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 2"><path stroke="#000" d="M0 0.5h1"/></svg>',
    },
}


def main() -> None:
    """Print the hash of the file."""
    from lms.documents.rendering import pdf_render

    print(hashlib.sha256(pdf_render(content=GOLDEN)).hexdigest())


if __name__ == "__main__":
    main()
