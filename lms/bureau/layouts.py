"""The layouts that exist, by code; the dated parameters say which one is in force.

A new version is a new entry: files that were made with an old one have to come out the same for ever.
Source: regulation 8. Codes follow public implementations of the consumer format and wait for the bureaus' own guide.
"""

from typing import Final

from lms.bureau.layout import Field, FixedField, Layout, Segment

_MEMBER: Final = "member.code"

TUDF_3_71: Final = Layout(
    code="TUDF_3_71",
    title="Consumer, tagged, version 3.71",
    header=(
        FixedField(source="", form="code", width=4, text="TUDF"),
        FixedField(source="", form="code", width=2, text="12"),
        FixedField(source=_MEMBER, form="code", width=30),
        FixedField(source="member.name", form="text", width=16),
        FixedField(source="", form="code", width=2),
        FixedField(source="member.reported_on", form="day", width=8),
        # The password is the transfer's: it is never in the file.
        FixedField(source="", form="code", width=30),
        FixedField(source="", form="code", width=1, text="L"),
        FixedField(source="", form="code", width=5, text="00000"),
        FixedField(source="", form="code", width=48),
    ),
    segments=(
        Segment(
            mark="PN03N01",
            name="name",
            is_required=True,
            fields=(
                Field(tag="01", name="name", source="person.names.0", form="name", width=26, is_required=True),
                Field(tag="02", name="name", source="person.names.1", form="name", width=26),
                Field(tag="03", name="name", source="person.names.2", form="name", width=26),
                Field(tag="04", name="name", source="person.names.3", form="name", width=26),
                Field(tag="05", name="name", source="person.names.4", form="name", width=26),
                Field(tag="07", name="birth_date", source="person.birth_date", form="day", width=8, is_required=True),
                Field(tag="08", name="gender", source="person.gender", form="code", width=1),
            ),
        ),
        Segment(
            mark="ID03I{:02d}",
            name="pan",
            each="person.identifiers",
            at_most=8,
            is_required=True,
            fields=(
                Field(tag="01", name="identifier_kind", source="item.kind", form="code", width=2, is_required=True),
                Field(tag="02", name="identifier", source="item.number", form="code", width=30, is_required=True),
            ),
        ),
        Segment(
            mark="PT03T{:02d}",
            name="phone",
            each="person.phones",
            at_most=4,
            is_required=True,
            fields=(
                Field(tag="01", name="phone", source="item.number", form="code", width=20, is_required=True),
                Field(tag="03", name="phone_kind", source="item.kind", form="code", width=2),
            ),
        ),
        Segment(
            mark="EC03C{:02d}",
            name="email",
            each="person.emails",
            at_most=2,
            fields=(Field(tag="01", name="email", source="item", form="code", width=65, is_required=True),),
        ),
        Segment(
            mark="PA03A{:02d}",
            name="address",
            each="person.addresses",
            at_most=4,
            is_required=True,
            fields=(
                Field(tag="01", name="address", source="item.lines.0", form="text", width=40, is_required=True),
                Field(tag="02", name="address", source="item.lines.1", form="text", width=40),
                Field(tag="03", name="address", source="item.lines.2", form="text", width=40),
                Field(tag="04", name="address", source="item.lines.3", form="text", width=40),
                Field(tag="05", name="address", source="item.lines.4", form="text", width=40),
                Field(tag="06", name="state", source="item.state", form="code", width=2, is_required=True),
                Field(tag="07", name="pin_code", source="item.pin_code", form="code", width=6, is_required=True),
                Field(tag="08", name="address_kind", source="item.kind", form="code", width=2),
            ),
        ),
        Segment(
            mark="TL04T001",
            name="account",
            is_required=True,
            fields=(
                Field(tag="01", name="member_code", source=_MEMBER, form="code", width=30, is_required=True),
                Field(tag="02", name="member_name", source="member.name", form="text", width=16, is_required=True),
                Field(tag="03", name="number", source="account.number", form="code", width=25, is_required=True),
                Field(
                    tag="04", name="account_type", source="account.account_type", form="code", width=2, is_required=True
                ),
                Field(tag="05", name="ownership", source="account.ownership", form="code", width=1, is_required=True),
                Field(tag="08", name="opened_on", source="account.opened_on", form="day", width=8, is_required=True),
                Field(tag="09", name="paid_on", source="account.paid_on", form="day", width=8),
                Field(tag="10", name="closed_on", source="account.closed_on", form="day", width=8),
                Field(tag="11", name="reported_on", source="member.reported_on", form="day", width=8, is_required=True),
                Field(tag="12", name="sanctioned", source="account.sanctioned_rupees", form="rupees", width=9),
                Field(tag="13", name="balance", source="account.balance_rupees", form="rupees", width=9),
                Field(tag="14", name="overdue", source="account.overdue_rupees", form="rupees", width=9),
                Field(tag="15", name="days_past_due", source="account.days_past_due", form="days", width=3),
                Field(tag="16", name="old_member_code", source="account.old_member_code", form="code", width=30),
                Field(tag="18", name="old_number", source="account.old_number", form="code", width=25),
                Field(tag="21", name="suit_or_wilful", source="account.suit_or_wilful", form="code", width=2),
                Field(tag="22", name="facility_status", source="account.facility_status", form="code", width=2),
                Field(tag="26", name="asset_class", source="account.asset_class", form="code", width=2),
                Field(tag="36", name="credit_limit", source="account.credit_limit_rupees", form="rupees", width=9),
                Field(tag="38", name="rate", source="account.rate_pct", form="rate", width=7),
                Field(tag="39", name="tenor", source="account.tenor_months", form="count", width=3),
                Field(tag="40", name="instalment", source="account.instalment_rupees", form="rupees", width=9),
                Field(tag="41", name="written_off", source="account.written_off_rupees", form="rupees", width=9),
                Field(
                    tag="42",
                    name="written_off_principal",
                    source="account.written_off_principal_rupees",
                    form="rupees",
                    width=9,
                ),
                Field(tag="43", name="settled", source="account.settled_rupees", form="rupees", width=9),
                Field(tag="44", name="frequency", source="account.frequency", form="code", width=2),
                Field(tag="45", name="paid", source="account.paid_rupees", form="rupees", width=9),
                Field(tag="46", name="occupation", source="person.occupation", form="code", width=2),
            ),
        ),
    ),
    record_end="ES02**",
    trailer="TRLR",
    asset_classes={
        "STANDARD": "01",
        "SMA_0": "05",
        "SMA_1": "05",
        "SMA_2": "05",
        "SUB_STANDARD": "02",
        "DOUBTFUL_1": "03",
        "DOUBTFUL_2": "03",
        "DOUBTFUL_3": "03",
        "LOSS": "04",
    },
    facility={
        "RESTRUCTURED": "00",
        "WRITTEN_OFF": "02",
        "SETTLED": "03",
        "SETTLED_AFTER_WRITE_OFF": "04",
        "CLOSED_AFTER_WRITE_OFF": "13",
    },
    frequencies={
        "DAY:7": "01",
        "WEEK:1": "01",
        "DAY:14": "02",
        "WEEK:2": "02",
        "MONTH:1": "03",
        "MONTH:3": "04",
    },
    account_types={
        "00": "Other",
        "05": "Personal loan",
        "06": "Consumer loan",
        "12": "Overdraft",
        "41": "Microfinance, personal",
        "61": "Business loan, unsecured",
        "69": "Short-term personal loan",
    },
    ownership="1",
    name_parts=(5, 26),
    address_parts=(5, 40),
)

LAYOUTS: Final = {layout.code: layout for layout in (TUDF_3_71,)}
