"""Users and groups as SCIM writes them (RFC 7643), to and from what the directory's room knows."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from parlour.access import directory
from parlour.foundation.errors import BadRequest
from parlour.people import UserStatus

USER: Final = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP: Final = "urn:ietf:params:scim:schemas:core:2.0:Group"
LIST: Final = "urn:ietf:params:scim:api:messages:2.0:ListResponse"

Resource = dict[str, Any]


class Refused(BadRequest):
    """A value, a path or a filter that can't be."""

    def __init__(self, message: str, scim_type: str) -> None:
        super().__init__(message)
        self.scim_type = scim_type


USER_ATTRIBUTES: Final = {
    name.lower(): name for name in ("userName", "externalId", "displayName", "name", "emails", "active")
}
GROUP_ATTRIBUTES: Final = {name.lower(): name for name in ("displayName", "externalId", "members")}


def of_person(person: directory.Person, base: str) -> Resource:
    name = {"givenName": person.given_name, "familyName": person.family_name}
    groups = [{**group, "$ref": f"{base}/Groups/{group['value']}", "type": "direct"} for group in person.groups]
    resource = {
        "schemas": [USER],
        "id": str(person.id),
        "externalId": person.external_id,
        "userName": person.user_name,
        "name": {part: value for part, value in name.items() if value} or None,
        "displayName": person.name,
        "emails": [{"value": person.email, "type": "work"}],
        "active": person.status is UserStatus.ACTIVE,
        "groups": groups or None,
    }
    return _finished(resource, "User", person.created_at, person.updated_at, base)


def of_group(group: directory.Group, base: str) -> Resource:
    members = [{**member, "$ref": f"{base}/Users/{member['value']}", "type": "User"} for member in group.members]
    resource = {
        "schemas": [GROUP],
        "id": str(group.id),
        "externalId": group.external_id,
        "displayName": group.name,
        "members": members or None,
    }
    return _finished(resource, "Group", group.created_at, group.updated_at, base)


def described(resource: Mapping[str, Any], before: directory.Person | None = None) -> directory.Described:
    """A user as it came. Without a display name, the two names make one, then the user name. Raises `Refused`."""
    sent = _known(resource, USER_ATTRIBUTES)
    user_name = _text(sent, "userName")
    if not user_name:
        raise Refused("A user has a `userName`.", "invalidValue")
    name = sent.get("name") or {}
    if not isinstance(name, dict):
        raise Refused("`name` is an object.", "invalidValue")
    given, family = _text(name, "givenName", 200), _text(name, "familyName", 200)
    composed = " ".join(part for part in (given, family) if part)
    shown = _text(sent, "displayName", 200)
    if before and shown == before.name == " ".join(part for part in (before.given_name, before.family_name) if part):
        # It was made of the two names, and follows them.
        shown = composed or shown
    shown = shown or _text(name, "formatted", 200) or composed or user_name
    external = _text(sent, "externalId")
    return directory.Described(user_name, _address(sent, user_name), shown, _active(sent), given, family, external)


def described_group(resource: Mapping[str, Any]) -> directory.DescribedGroup:
    """A group as it came. Raises `Refused`."""
    sent = _known(resource, GROUP_ATTRIBUTES)
    name = _text(sent, "displayName")
    if not name:
        raise Refused("A group has a `displayName`.", "invalidValue")
    members = sent.get("members") or []
    try:
        member_ids = frozenset(UUID(str(member["value"])) for member in members)
    except (TypeError, KeyError, ValueError) as strange:
        raise Refused("A member has the `id` of a user as its `value`.", "invalidValue") from strange
    return directory.DescribedGroup(name, _text(sent, "externalId"), member_ids)


def version_of(resource: Resource) -> str:
    """Its ETag: another whenever anything of it is another."""
    return f'W/"{hashlib.blake2b(msgspec.json.encode(resource), digest_size=9).hexdigest()}"'


def _finished(resource: Resource, kind: str, created: datetime, updated: datetime, base: str) -> Resource:
    full = {name: value for name, value in resource.items() if value is not None}
    meta = {
        "resourceType": kind,
        "created": created.astimezone(UTC).isoformat(),
        "lastModified": updated.astimezone(UTC).isoformat(),
        "location": f"{base}/{kind}s/{resource['id']}",
    }
    return {**full, "meta": {**meta, "version": version_of(full)}}


def _known(resource: Mapping[str, Any], attributes: dict[str, str]) -> Resource:
    """By their proper names: those of attributes are the same in any case (RFC 7643, 2.1)."""
    return {attributes[name.lower()]: value for name, value in resource.items() if name.lower() in attributes}


def _text(sent: Mapping[str, Any], name: str, longest: int = 254) -> str | None:
    value = sent.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > longest:
        raise Refused(f"`{name}` is a text of {longest} characters at most.", "invalidValue")
    return value.strip() or None


def _active(sent: Mapping[str, Any]) -> bool:
    said = str(sent.get("active", True)).lower()
    if said not in ("true", "false"):
        raise Refused("`active` is true or false.", "invalidValue")
    return said == "true"


def _address(sent: Mapping[str, Any], user_name: str) -> str:
    several = sent.get("emails") or []
    if not isinstance(several, list) or not all(isinstance(one, dict) for one in several):
        raise Refused("`emails` are objects with a `value`.", "invalidValue")
    written = [one for one in several if one.get("value")]
    written.sort(key=lambda one: (str(one.get("primary")).lower() != "true", one.get("type") != "work"))
    address = str(written[0]["value"]) if written else user_name
    if "@" not in address:
        raise Refused("A user has an address in `emails`, or as `userName`.", "invalidValue")
    return address
