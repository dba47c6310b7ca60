"""Every route of every door, where a company's things are at it, and what may be sent with them."""

import re
from typing import Any

import msgspec
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler

from parlour.api.operations import Operation
from parlour.foundation import ids
from tests.builders import Company
from tests.doors.belongings import SECRET, Belongings


def named(path: str) -> str:
    """A path without the kinds of its parameters, as people write it."""
    return re.sub(r":\w+}", "}", path)


def routes(asgi: Any) -> list[tuple[str, HTTPRouteHandler]]:
    doors: Litestar = asgi.other_asgi_app.app
    return [
        (route.path, handler)
        for route in doors.routes
        for handler in getattr(route, "route_handlers", ())
        if handler.http_methods != {"OPTIONS"}
    ]


def _ways_in(company: Company, belongings: Belongings) -> dict[str, list[object]]:
    provider: list[object] = [belongings.provider_id]
    names = ("{slug:str}", "with", "single-sign-on", "identity-providers", "connected")
    claimed: list[object] = [belongings.claimed_id]
    more: dict[str, list[object]] = {
        "switch": [company.organization_id],
        "portal-keys": [belongings.portal_key_id],
        "sessions": [ids.new()],
        "devices": [belongings.device_id],
        "passkeys": [belongings.passkey_id],
        "at": [company.slug],
        "companies": [belongings.company_id],
    }
    return more | {"claims": claimed, "claimed-domains": claimed, **dict.fromkeys(names, provider)}


def addresses(path: str, company: Company, belongings: Belongings) -> list[str]:
    """The path, with a company's ids in its places; twice where there are two of a kind."""
    things: dict[str, list[object]] = {
        "tickets": [belongings.ticket.id],
        "attachments": [belongings.attachment_id, belongings.unsent_id],
        "files": [belongings.attachment_id, belongings.unsent_id],
        "users": [company.carol.user_id, company.bob.user_id],
        "people": [company.carol.user_id, company.bob.user_id],
        "departments": [company.billing_id],
        "roles": [belongings.role_id],
        "tags": [belongings.tag_id],
        "tokens": [belongings.token_id],
        "programs": [belongings.token_id],
        **_of_a_directory(company, belongings),
        "notifications": [belongings.notification_id],
        "mail": [ids.new()],
        "mailboxes": [belongings.mailbox_id],
        "domains": [belongings.domain_id],
        "ledger": [belongings.entry_id],
        **_ways_in(company, belongings),
        "hooks": ["one-that-nobody-was-given"],
        "templates": [belongings.template_id],
        "signatures": [belongings.signature_id],
        "automatic-mails": [belongings.automatic_id],
        "invitations": [belongings.invitation_id],
        "comments": [belongings.comment_id],
        "portal": [company.slug],
        "views": [f"department-{company.billing_id}", str(company.billing_id)],
    }
    addresses = [""]
    before = ""
    for part in path.strip("/").split("/"):
        choices: list[object] = [part]
        if part.startswith("{"):
            choices = [belongings.ticket.number] if "number" in part else things[before]
        addresses = [f"{address}/{choice}" for address in addresses for choice in choices]
        before = part
    return addresses


def sent(handler: HTTPRouteHandler, company: Company, belongings: Belongings) -> dict[str, Any]:
    operation: Operation | None = handler.opt.get("operation")
    if operation and operation.body:
        return {"json": _body(operation.body, company, belongings)}
    if operation and operation.file and operation.method == "POST":
        return {"files": {"file": ("theirs.txt", b"theirs")}}
    if operation:
        return {}
    if any("/scim/" in path for path in handler.paths):
        return {"json": _scim(company)}
    forms = {"body": "Hello", "subject": "Hello", "email": "gina@globex.test", "name": "Gina", "password": "x" * 12}
    everything = {"ticket_id": belongings.ticket.id, "assignee_id": company.bob.user_id, "tags": f"{SECRET[:3]}"}
    more = {"requester_id": company.carol.user_id, "department_id": company.billing_id, "version": "1"}
    form = {name: str(value) for name, value in {**forms, **everything, **more}.items()}
    return {"data": form} if handler.http_methods != {"GET"} else {"params": {"q": SECRET[:3]}}


def _of_a_directory(company: Company, belongings: Belongings) -> dict[str, list[object]]:
    # What the protocol describes of itself is the same for everybody: asked for is what is not there.
    described: dict[str, list[object]] = {"ResourceTypes": ["Other"], "Schemas": ["Other"]}
    groups = {kind: [belongings.group_id] for kind in ("Groups", "groups")}
    return {"Users": [company.bob.user_id], **groups, **described}


def _scim(company: Company) -> dict[str, Any]:
    """What a directory sends for a user and for a group, with somebody of the company's in it."""
    members = [{"value": str(company.bob.user_id)}]
    joins = {"op": "add", "path": "members", "value": members}
    names = {"userName": f"{ids.new().hex}@globex.test", "displayName": f"Theirs {ids.new().hex}"}
    return {**names, "members": members, "Operations": [joins]}


def _body(shape: Any, company: Company, belongings: Belongings) -> dict[str, Any]:
    """Everything the shape takes, with a company's ids wherever one fits."""
    values: dict[str, Any] = {
        "subject": "Theirs",
        "body": "Theirs",
        "address": f"{ids.new().hex}@globex.test",
        "domain": f"{ids.new().hex}.globex.test",
        "host": f"{ids.new().hex}.globex.test",
        "name": f"Theirs {ids.new().hex}",
        "texts": {"en": "Theirs" if "Template" in shape.__name__ else {"text": "Theirs"}},
        "text": "Theirs",
        "email": f"{ids.new().hex}@globex.test",
        "requesterId": str(company.carol.user_id),
        "assigneeId": str(company.bob.user_id),
        "departmentId": str(company.billing_id),
        "participantIds": [str(company.carol.user_id)],
        "attachmentIds": [str(belongings.unsent_id)],
        "readerIds": [str(company.bob.user_id)],
        "departmentIds": [str(company.billing_id)],
        "customRoleId": str(belongings.role_id),
        "companyId": str(belongings.company_id),
        "permissions": [],
        "memberIds": [str(company.bob.user_id)],
    }
    known = {field.encode_name for field in msgspec.structs.fields(shape)}
    return {name: value for name, value in values.items() if name in known}
