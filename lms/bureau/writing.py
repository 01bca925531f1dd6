"""Write entries by a layout, and tell what a bureau would reject."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from functools import cache
from typing import Any, Final

from core.fields import blind_index
from lms.bureau.entries import Entry, Member
from lms.bureau.layout import FORMS, Field, Layout, NotWritable, Segment, reader_of
from lms.bureau.layouts import LAYOUTS

MARK_PURPOSE: Final = "lms.bureau_record"
_Write = Callable[[Any], str]


def header_text(*, layout: Layout, member: Member) -> str:
    """Return the header of a file, every field padded to its width."""
    parts = []
    for field in layout.header:
        value = reader_of(field.source)({"member": member}) if field.source else field.text
        parts.append(FORMS[field.form](value)[: field.width].ljust(field.width))
    return "".join(parts)


def entry_text(*, layout: Layout, entry: Entry, member: Member) -> str:
    """Return one record of a file.

    Raises:
        ValueError: the record would be rejected; ask `entry_problems` first.
    """
    values = {"person": entry.person, "account": entry.account, "member": member}
    parts = [text for segment in layout.segments for text in _segment_texts(layout.code, segment, values)]
    return "".join([*parts, layout.record_end])


def entry_problems(*, layout: Layout, entry: Entry, member: Member) -> tuple[str, ...]:
    """Return what a bureau would reject the record for, such as `pan_missing`; empty when there is nothing."""
    values = {"person": entry.person, "account": entry.account, "member": member}
    found = dict.fromkeys(entry.person.problems)
    for segment in layout.segments:
        items = _items(segment, values)
        if not items and segment.is_required:
            found[f"{segment.name}_missing"] = None
        for item in items:
            found |= dict.fromkeys(_field_problems(layout.code, segment, {**values, "item": item}))
    return tuple(found)


def content_mark(*, entry: Entry) -> str:
    """Return a keyed mark of what a record says, whoever reports it and on whichever day; equal content, equal mark."""
    return blind_index(json.dumps(asdict(entry), sort_keys=True, default=str), purpose=MARK_PURPOSE)


def _segment_texts(layout_code: str, segment: Segment, values: Mapping[str, Any]) -> Iterator[str]:
    position = layout_position(layout_code, segment.name)
    fields = _compiled(layout_code)[position]
    for number, item in enumerate(_items(segment, values), 1):
        yield segment.mark.format(number)
        scope = {**values, "item": item}
        for field, read, write in fields:
            text = write(read(scope))
            if len(text) > field.width:
                raise ValueError(f"{field.name} is wider than {field.width}.")
            if text:
                yield f"{field.tag}{len(text):02d}{text}"


def _field_problems(layout_code: str, segment: Segment, scope: Mapping[str, Any]) -> Iterator[str]:
    for field, read, write in _compiled(layout_code)[layout_position(layout_code, segment.name)]:
        try:
            text = write(read(scope))
        except NotWritable:
            yield f"{field.name}_not_latin"
            continue
        if not text and field.is_required:
            yield f"{field.name}_missing"
        if len(text) > field.width:
            yield f"{field.name}_too_long"


def _items(segment: Segment, values: Mapping[str, Any]) -> tuple[Any, ...]:
    if not segment.each:
        return ("",)
    return tuple(reader_of(segment.each)(values))[: segment.at_most]


@cache
def layout_position(layout_code: str, segment_name: str) -> int:
    """Return the place of a segment in its layout."""
    return [segment.name for segment in LAYOUTS[layout_code].segments].index(segment_name)


@cache
def _compiled(layout_code: str) -> tuple[tuple[tuple[Field, Callable[..., Any], _Write], ...], ...]:
    """Return each segment's fields with what reads and writes them."""
    return tuple(
        tuple((field, reader_of(field.source), FORMS[field.form]) for field in segment.fields)
        for segment in LAYOUTS[layout_code].segments
    )
