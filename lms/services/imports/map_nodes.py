"""Read the nodes of a YAML document strictly: every refusal names line and column."""

from collections.abc import Collection, Iterator
from datetime import date
from typing import Any

import yaml

from lms.services.imports.errors import ImportMapInvalid

MAP_MAX_CHARACTERS = 65_536


class _TextLoader(yaml.SafeLoader):
    """A loader for which only whole numbers, truth values and null are not text: no float, no date by guess."""


_TextLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag.rsplit(":", 1)[1] in ("int", "bool", "null")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def map_root(*, text: str) -> yaml.Node:
    """Parse a map into its root node.

    Raises:
        ImportMapInvalid: too long, no YAML, or with anchors, which a map has no use for.
    """
    if len(text) > MAP_MAX_CHARACTERS:
        raise ImportMapInvalid(line=1, column=1, problem=f"a map has at most {MAP_MAX_CHARACTERS} characters.")
    try:
        for token in yaml.scan(text, Loader=_TextLoader):
            if isinstance(token, yaml.AliasToken | yaml.AnchorToken | yaml.TagToken):
                raise _invalid(token.start_mark, "anchors, aliases and tags are not allowed; write the value out.")
        root = yaml.compose(text, Loader=_TextLoader)
    except yaml.MarkedYAMLError as error:
        raise _invalid(error.problem_mark or error.context_mark, f"{error.problem or error.context}.") from error
    except yaml.YAMLError as error:
        raise ImportMapInvalid(line=1, column=1, problem=f"{error}.") from error
    if root is None:
        raise ImportMapInvalid(line=1, column=1, problem="the map is empty.")
    return root


def invalid_at(node: yaml.Node, problem: str) -> ImportMapInvalid:
    """Build the refusal of one node."""
    return _invalid(node.start_mark, problem)


def entries(
    node: yaml.Node, *, what: str, allowed: Collection[str] | None = None, required: Collection[str] = ()
) -> dict[str, yaml.Node]:
    """Return the values of a mapping by key.

    Raises:
        ImportMapInvalid: not a mapping, a key twice, unknown or missing.
    """
    if not isinstance(node, yaml.MappingNode):
        raise invalid_at(node, f"{what} must be a mapping of names to values.")
    found: dict[str, yaml.Node] = {}
    for key_node, value in node.value:
        key = text_of(key_node, what=f"a name in {what}")
        if key in found:
            raise invalid_at(key_node, f"'{key}' stands in {what} twice.")
        if allowed is not None and key not in allowed:
            raise invalid_at(key_node, f"{what} has no '{key}'; it may have: {', '.join(sorted(allowed))}.")
        found[key] = value
    for key in required:
        if key not in found:
            raise invalid_at(node, f"{what} lacks '{key}'.")
    return found


def items(node: yaml.Node, *, what: str) -> Iterator[yaml.Node]:
    """Return the elements of a list."""
    if not isinstance(node, yaml.SequenceNode):
        raise invalid_at(node, f"{what} must be a list.")
    return iter(node.value)


def text_of(node: yaml.Node, *, what: str, max_length: int = 120) -> str:
    """Return the text of a scalar that is not empty."""
    if not isinstance(node, yaml.ScalarNode) or not node.value.strip():
        raise invalid_at(node, f"{what} must be text.")
    value: str = node.value.strip()
    if len(value) > max_length:
        raise invalid_at(node, f"{what} has at most {max_length} characters.")
    return value


def integer_of(node: yaml.Node, *, what: str, low: int, high: int) -> int:
    """Return a whole number within a range."""
    text = node.value if isinstance(node, yaml.ScalarNode) else ""
    if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
        raise invalid_at(node, f"{what} must be a whole number from {low} to {high}.")
    return int(text)


def choice_of(node: yaml.Node, *, what: str, among: Collection[str]) -> str:
    """Return one of several words."""
    value = node.value if isinstance(node, yaml.ScalarNode) else ""
    if value not in among:
        raise invalid_at(node, f"{what} must be one of: {', '.join(sorted(among))}.")
    return str(value)


def date_of(node: yaml.Node, *, what: str) -> date:
    """Return a date written YYYY-MM-DD."""
    try:
        return date.fromisoformat(text_of(node, what=what))
    except ValueError as error:
        raise invalid_at(node, f"{what} must be a date of the calendar, YYYY-MM-DD.") from error


def plain_of(node: yaml.Node) -> Any:
    """Return text, whole numbers, truth values, lists and mappings as Python has them; no float ever."""
    loader = _TextLoader("")
    try:
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _invalid(mark: yaml.Mark | None, problem: str) -> ImportMapInvalid:
    return ImportMapInvalid(line=mark.line + 1 if mark else 1, column=mark.column + 1 if mark else 1, problem=problem)
