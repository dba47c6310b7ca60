"""PATCH of RFC 7644, 3.5.2, done to a resource as JSON; with what Entra and Okta send in fact.

They write `Replace` for `replace`, `"False"` for `false`, dotted names without a path, and members to remove as values.
"""

import re
from typing import Any, Final

from parlour.access import directory
from parlour.api.scim import filters
from parlour.api.scim.resources import Refused

_PATH: Final = re.compile(r"(?P<name>\$?\w+)(?:\[(?P<filter>.+)\])?(?:\.(?P<part>\w+))?")
_CORE: Final = re.compile(r"urn:ietf:params:scim:schemas:core:2\.0:(?:User|Group):", re.IGNORECASE)
_EXTENSION: Final = re.compile(r"urn:", re.IGNORECASE)
_MOST: Final = 1000
_READ_ONLY: Final = frozenset({"id", "meta", "groups"})

Resource = dict[str, Any]


def patched(resource: Resource, body: Resource, known: dict[str, str]) -> Resource:
    """The resource with the operations done, all or none. `known`: its attributes, by their names in small letters.

    What this server doesn't keep (a phone number, an extension's department) is passed over, not refused: a directory
    sends what it has. Raises `Refused`.
    """
    operations = body.get("Operations", body.get("operations"))
    if not isinstance(operations, list) or not 0 < len(operations) <= _MOST:
        raise Refused("Send `Operations`: 1 to 1,000 of them.", "invalidSyntax")
    result = dict(resource)
    for each in operations:
        if not isinstance(each, dict) or str(each.get("op", "")).lower() not in ("add", "replace", "remove"):
            raise Refused("An operation's `op` is add, replace or remove.", "invalidSyntax")
        _do(result, str(each["op"]).lower(), each.get("path"), each.get("value"), known)
    return result


def _do(resource: Resource, act: str, path: Any, value: Any, known: dict[str, str]) -> None:
    if path:
        _at(resource, act, str(path), value, known)
        return
    if act == "remove":
        raise Refused("To remove something, say what in `path`.", "noTarget")
    if not isinstance(value, dict):
        raise Refused("Without a `path`, `value` is an object.", "invalidValue")
    for name, one in value.items():
        _at(resource, act, name, one, known)


def _at(resource: Resource, act: str, path: str, value: Any, known: dict[str, str]) -> None:
    path = _CORE.sub("", path)
    if _EXTENSION.match(path):
        return
    found = _PATH.fullmatch(path)
    if found is None:
        raise Refused("This path can't be understood.", "invalidPath")
    name = known.get(found["name"].lower())
    if found["name"].lower() in _READ_ONLY:
        raise Refused(f"{found['name']} is not yours to change.", "mutability")
    if name is None:
        return
    if found["filter"]:
        _some(resource, act, (name, found["filter"], found["part"]), value)
    elif found["part"]:
        _part(resource, act, name, found["part"], value)
    else:
        _whole(resource, act, name, value)


def _whole(resource: Resource, act: str, name: str, value: Any) -> None:
    present = resource.get(name)
    if act == "remove":
        if name == "members" and value:
            gone = {str(one.get("value")) for one in _several(value)}
            resource[name] = [one for one in present or [] if str(one.get("value")) not in gone]
        else:
            resource.pop(name, None)
    elif name == "members" and act == "add":
        kept = {str(one.get("value")) for one in present or []}
        resource[name] = [*(present or []), *(one for one in _several(value) if str(one.get("value")) not in kept)]
    elif name == "name" and isinstance(value, dict) and isinstance(present, dict):
        resource[name] = {**present, **value}
    elif name == "emails" and act == "add":
        # There is one address: what is added takes its place.
        resource[name] = _several(value)
    else:
        resource[name] = value


def _part(resource: Resource, act: str, name: str, part: str, value: Any) -> None:
    if isinstance(resource.get(name), list):
        for one in resource[name]:
            _set(one, act, part, value)
        return
    whole = dict(resource.get(name) or {})
    _set(whole, act, part, value)
    resource[name] = whole


def _some(resource: Resource, act: str, target: tuple[str, str, str | None], value: Any) -> None:
    name, filter_, part = target
    try:
        question = filters.read(filter_)
    except directory.BadFilter as bad:
        raise Refused(bad.message, "invalidFilter") from bad
    present = [dict(one) for one in resource.get(name) or []]
    chosen = [one for one in present if filters.holds(question, one)]
    if act == "remove" and part is None:
        resource[name] = [one for one in present if one not in chosen]
        return
    if not chosen and name == "emails" and act in ("add", "replace"):
        # An address of a kind that is not there yet, as Entra writes one.
        chosen = [{"type": "work", "primary": True}]
        present = chosen
    if not chosen:
        raise Refused("Nothing fits the filter of this path.", "noTarget")
    for one in chosen:
        if part:
            _set(one, act, part, value)
        elif isinstance(value, dict):
            one.update(value)
    resource[name] = present


def _set(whole: Resource, act: str, part: str, value: Any) -> None:
    if act == "remove":
        whole.pop(part, None)
    else:
        whole[part] = value


def _several(value: Any) -> list[Resource]:
    several = value if isinstance(value, list) else [value]
    if not all(isinstance(one, dict) for one in several):
        raise Refused("Each of several values is an object.", "invalidValue")
    return several
