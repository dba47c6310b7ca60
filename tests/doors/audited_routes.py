"""The routes that change what protects an organization, each with a request and the act that it must be recorded as."""

from typing import Any, LiteralString

import msgspec

from parlour.audit import Act
from tests.doors.own_access import OWN_ACCESS
from tests.pictures import picture

PUBLIC_KEY = """-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----"""
"""Of nobody."""

WITHOUT_A_RECORD = {
    "POST /api/scim/v2/.search": "looks, and changes nothing",
    "POST /api/scim/v2/Users/.search": "looks, and changes nothing",
    "POST /api/scim/v2/Groups/.search": "looks, and changes nothing",
    **OWN_ACCESS,
    "POST /confirm": "shows once more who one is, and changes nothing",
    "POST /portal/{slug}/confirm": "shows once more who one is, and changes nothing",
    "POST /switch": "signs in to another organization, whose trail has it",
    "POST /switch/{organization_id}": "signs in to another organization, whose trail has it",
    "POST /api/tags": "a tag is a word on a ticket: nobody may do more or less because of it",
    "PUT /api/tags/{id}": "a tag is a word on a ticket",
    "DELETE /api/tags/{id}": "a tag is a word on a ticket",
    "POST /dashboard/settings/tags": "a tag is a word on a ticket",
    "POST /dashboard/settings/tags/{tag_id}": "a tag is a word on a ticket",
    "POST /dashboard/settings/tags/{tag_id}/remove": "a tag is a word on a ticket",
    "POST /api/email/inbound": "every mail has its entry in the ledger",
    "POST /api/email/mailboxes/{id}/test": "looks, and changes nothing",
    "POST /dashboard/settings/audit/verify": "looks, and changes nothing",
    "POST /dashboard/settings/mailboxes/{mailbox_id}/test": "looks, and changes nothing",
    "POST /api/previews": "shows, and changes nothing",
    "POST /dashboard/settings/signatures/preview": "shows, and changes nothing",
    "POST /dashboard/settings/templates/preview": "shows, and changes nothing",
    "POST /dashboard/settings/automatic-mails/preview": "shows, and changes nothing",
    "DELETE /api/organization/deletion": "recorded, as the page's: see test_closing",
    "POST /api/organization/deletion": "recorded, as the page's: see test_closing",
    "POST /api/email/domains/{id}/check": "looks; what it finds is a fact of the domain's own",
    "POST /sign-in/connected/{provider_id}": "leads to the provider; that it is connected is recorded on the way back",
    "POST /sign-in/connected/{provider_id}/forget": "recorded where it was connected: see test_providers",
    "POST /api/organization/portal-address/check": "looks; that it was found or lost is recorded",
    "POST /dashboard/settings/portal-address/check": "looks; that it was found or lost is recorded",
    "POST /api/claimed-domains/{id}/check": "looks; that it was found or lost is recorded",
    "POST /dashboard/settings/single-sign-on/{provider_id}/test": "looks, and changes nothing",
    "POST /dashboard/settings/single-sign-on/claims/{claimed_id}/check": "looks; that it was found or lost is recorded",
    "POST /dashboard/settings/domains/{domain_id}/check": "looks; what it finds is a fact of the domain's own",
}


class Case(msgspec.Struct, frozen=True):
    """What is sent, and which act it must be. `first` is done to the thing before."""

    act: Act
    json: dict[str, Any] | None = None
    form: dict[str, Any] | None = None
    first: LiteralString | None = None
    query: dict[str, str] = {}
    file: bytes | None = None
    raw: bytes | None = None


REFUSED: LiteralString = "update inbound_messages set outcome = 'REFUSED', reason = 'Spam', processed_at = now()"
HELD: LiteralString = "update inbound_messages set outcome = 'QUARANTINED', reason = 'Spam', processed_at = now()"
BINNED: LiteralString = "update tickets set deleted_at = now()"
SHOWN: LiteralString = """
    with shown as (update signing_keys set published_at = now() returning 1)
    update sending_domains set verified_at = now()
"""
WITH_A_LOGO: LiteralString = "update organizations set logo = '0123456789abcdef0123456789abcdef'"
LOGO, LOGO_AGAIN = picture("teal"), picture("plum")
HELLO = {"fr": {"text": "Bonjour"}}
WORDS = {"language": "fr", "text": "Bonjour", "owner": ""}
MAILBOX = {"kind": "SMTP", "address": "new@{here}"}

CLIENT = {"clientId": "1", "clientSecret": "2"}
PROVIDER = {"kind": "OPENID", "name": "Form", "issuer": "https://sign-in.{here}", "client_id": "1", "secret": "2"}

AS_A_CUSTOMER: LiteralString = "update users set role = 'CUSTOMER'"

CASES = {
    "POST /api/identity-providers": Case(Act.PROVIDER_ADDED, {"kind": "GOOGLE", "name": "Google", **CLIENT}),
    "PUT /api/identity-providers/{id}": Case(Act.PROVIDER_CHANGED, {"isActive": False}),
    "DELETE /api/identity-providers/{id}": Case(Act.PROVIDER_REMOVED),
    "POST /api/claimed-domains": Case(Act.DOMAIN_CLAIMED, {"domain": "program.{here}"}),
    "DELETE /api/claimed-domains/{id}": Case(Act.DOMAIN_RELEASED),
    "POST /dashboard/settings/portal-keys": Case(Act.PORTAL_KEY_ADDED, form={}),
    "POST /dashboard/settings/portal-keys/public": Case(Act.PORTAL_KEY_ADDED, form={"publicKey": PUBLIC_KEY}),
    "POST /dashboard/settings/portal-keys/{key_id}/remove": Case(Act.PORTAL_KEY_REMOVED),
    "POST /api/invitations": Case(Act.INVITED, {"email": "asked@{here}"}),
    "POST /api/invitations/{id}/resend": Case(Act.INVITED),
    "DELETE /api/invitations/{id}": Case(Act.INVITATION_REVOKED),
    "POST /dashboard/settings/invitations": Case(Act.INVITED, form={"email": "page@{here}"}),
    "POST /dashboard/settings/invitations/{invitation_id}/again": Case(Act.INVITED),
    "POST /dashboard/settings/invitations/{invitation_id}/revoke": Case(Act.INVITATION_REVOKED),
    "POST /dashboard/settings/single-sign-on": Case(Act.PROVIDER_ADDED, form=PROVIDER),
    "POST /dashboard/settings/single-sign-on/{provider_id}": Case(
        Act.PROVIDER_CHANGED, form={**PROVIDER, "name": "Other"}
    ),
    "POST /dashboard/settings/single-sign-on/{provider_id}/groups": Case(
        Act.PROVIDER_CHANGED, form={"group": "leads", "role": "MANAGER", "department": ""}
    ),
    "POST /dashboard/settings/single-sign-on/{provider_id}/remove": Case(Act.PROVIDER_REMOVED, form={}),
    "POST /dashboard/settings/single-sign-on/key": Case(Act.SAML_KEY_MADE, form={}),
    "POST /dashboard/settings/single-sign-on/only": Case(Act.SECURITY_POLICY_CHANGED, form={"except_for": ""}),
    "POST /dashboard/settings/single-sign-on/claims": Case(Act.DOMAIN_CLAIMED, form={"domain": "claimed.{here}"}),
    "POST /dashboard/settings/single-sign-on/claims/{claimed_id}/remove": Case(Act.DOMAIN_RELEASED, form={}),
    "DELETE /api/tickets/{reference}": Case(Act.TICKET_DELETED),
    "POST /api/tickets/{reference}/restore": Case(Act.TICKET_RESTORED, first=BINNED),
    "POST /dashboard/tickets/{number}/delete": Case(Act.TICKET_DELETED, form={"version": "1"}),
    "POST /dashboard/tickets/{number}/restore": Case(Act.TICKET_RESTORED, form={"version": "1"}, first=BINNED),
    "POST /dashboard/settings/deletion/ask": Case(Act.DELETION_ASKED, form={"slug": "{slug}"}),
    "POST /dashboard/settings/deletion/call-off": Case(Act.DELETION_CALLED_OFF),
    "POST /api/companies": Case(Act.COMPANY_ADDED, {"name": "Northwind"}),
    "PUT /api/companies/{id}": Case(Act.COMPANY_CHANGED, {"portalView": "COMPANY"}),
    "DELETE /api/companies/{id}": Case(Act.COMPANY_REMOVED),
    "PUT /api/users/{id}/company": Case(
        Act.COMPANY_OF_PERSON_CHANGED, {"companyId": None, "ownView": "COMPANY"}, first=AS_A_CUSTOMER
    ),
    "POST /api/users": Case(Act.PERSON_ADDED, {"name": "New", "email": "new@customer.test"}),
    "PUT /api/users/{id}": Case(Act.STATUS_CHANGED, {"status": "INACTIVE"}),
    "POST /dashboard/settings/people": Case(
        Act.PERSON_ADDED, form={"name": "New", "email": "new2@customer.test", "role": "CUSTOMER"}
    ),
    "POST /dashboard/settings/people/{user_id}": Case(Act.ROLE_CHANGED, form={"role": "MANAGER"}),
    "POST /api/roles": Case(Act.CUSTOM_ROLE_ADDED, {"name": "Writer {unique}", "permissions": ["WRITE_NOTES"]}),
    "PUT /api/roles/{id}": Case(Act.CUSTOM_ROLE_CHANGED, {"permissions": []}),
    "DELETE /api/roles/{id}": Case(Act.CUSTOM_ROLE_REMOVED),
    "POST /dashboard/settings/roles": Case(Act.CUSTOM_ROLE_ADDED, form={"name": "Form {unique}", "kind": "AGENT"}),
    "POST /dashboard/settings/roles/{role_id}": Case(Act.CUSTOM_ROLE_CHANGED, form={"name": "Other {unique}"}),
    "POST /dashboard/settings/roles/{role_id}/remove": Case(Act.CUSTOM_ROLE_REMOVED, form={}),
    "POST /api/departments": Case(Act.DEPARTMENT_ADDED, {"name": "Sales"}),
    "PUT /api/departments/{id}": Case(Act.DEPARTMENT_CHANGED, {"description": "Other"}),
    "DELETE /api/departments/{id}": Case(Act.DEPARTMENT_REMOVED),
    "POST /dashboard/settings/departments": Case(Act.DEPARTMENT_ADDED, form={"name": "Field"}),
    "POST /dashboard/settings/departments/{department_id}": Case(
        Act.MEMBERS_CHANGED, form={"name": "Extra", "member": "{bob}"}
    ),
    "POST /dashboard/settings/departments/{department_id}/remove": Case(Act.DEPARTMENT_REMOVED, form={}),
    "POST /dashboard/settings/sign-in": Case(
        Act.SECURITY_POLICY_CHANGED, form={"role": "ADMIN", "grace": "7", "devices": "30"}
    ),
    "PUT /api/organization": Case(Act.ORGANIZATION_CHANGED, {"colour": "#112233"}),
    "POST /dashboard/settings/organization": Case(
        Act.ORGANIZATION_CHANGED, form={"name": "Acme & Co", "colour": "#445566"}
    ),
    "PUT /api/organization/origins": Case(Act.ORGANIZATION_CHANGED, {"origins": ["https://shop.example.com"]}),
    "POST /dashboard/settings/organization/origins": Case(
        Act.ORGANIZATION_CHANGED, form={"origins": "https://other.example.com"}
    ),
    "PUT /api/organization/portal-address": Case(Act.PORTAL_HOST_ASKED, {"host": "program.{here}"}),
    "DELETE /api/organization/portal-address": Case(Act.PORTAL_HOST_GIVEN_UP),
    "POST /dashboard/settings/portal-address": Case(Act.PORTAL_HOST_ASKED, form={"host": "page.{here}"}),
    "POST /dashboard/settings/portal-address/remove": Case(Act.PORTAL_HOST_GIVEN_UP, form={}),
    "POST /api/organization/logo": Case(Act.ORGANIZATION_CHANGED, file=LOGO),
    "DELETE /api/organization/logo": Case(Act.ORGANIZATION_CHANGED, first=WITH_A_LOGO),
    "POST /dashboard/settings/organization/logo": Case(Act.ORGANIZATION_CHANGED, file=LOGO_AGAIN),
    "POST /dashboard/settings/organization/logo/remove": Case(Act.ORGANIZATION_CHANGED, form={}, first=WITH_A_LOGO),
    "POST /api/tokens": Case(Act.TOKEN_MADE, {"name": "Report"}),
    "DELETE /api/tokens/{id}": Case(Act.TOKEN_REVOKED),
    "DELETE /api/organization/tokens/{id}": Case(Act.TOKEN_REVOKED),
    "POST /dashboard/settings/programs/{token_id}/revoke": Case(Act.TOKEN_REVOKED, form={}),
    "POST /api/scim/v2/Users": Case(Act.PERSON_ADDED, {"userName": "scim@{here}"}),
    "PUT /api/scim/v2/Users/{id}": Case(Act.STATUS_CHANGED, {"userName": "put@{here}", "active": False}),
    "PATCH /api/scim/v2/Users/{id}": Case(
        Act.STATUS_CHANGED, {"Operations": [{"op": "replace", "path": "active", "value": False}]}
    ),
    "DELETE /api/scim/v2/Users/{id}": Case(Act.STATUS_CHANGED),
    "POST /api/scim/v2/Groups": Case(Act.GROUP_ADDED, {"displayName": "New {here}"}),
    "PUT /api/scim/v2/Groups/{id}": Case(Act.GROUP_CHANGED, {"displayName": "Other {here}"}),
    "PATCH /api/scim/v2/Groups/{id}": Case(
        Act.GROUP_CHANGED, {"Operations": [{"op": "replace", "path": "displayName", "value": "Third"}]}
    ),
    "DELETE /api/scim/v2/Groups/{id}": Case(Act.GROUP_REMOVED),
    "POST /dashboard/settings/directory": Case(Act.TOKEN_MADE, form={"name": "Entra", "days": "365"}),
    "POST /dashboard/settings/directory/groups/{group_id}": Case(Act.GROUP_MAPPED, form={"role": "MANAGER"}),
    "POST /dashboard/settings/tokens": Case(Act.TOKEN_MADE, form={"name": "Report"}),
    "POST /dashboard/settings/tokens/{token_id}/revoke": Case(Act.TOKEN_REVOKED, form={}),
    "POST /api/email/mailboxes": Case(Act.MAILBOX_ADDED, {"address": "new@{here}"}),
    "PATCH /api/email/mailboxes/{id}": Case(Act.MAILBOX_CHANGED, {"name": "Other"}),
    "DELETE /api/email/mailboxes/{id}": Case(Act.MAILBOX_REMOVED),
    "POST /api/email/mailboxes/{id}/push-address": Case(Act.MAILBOX_SECRETS_CHANGED),
    "POST /dashboard/settings/mailboxes": Case(Act.MAILBOX_ADDED, form={**MAILBOX, "address": "form@{here}"}),
    "POST /dashboard/settings/mailboxes/{mailbox_id}": Case(
        Act.MAILBOX_CHANGED, form={"address": "{mailbox}", "name": "Other", "provider": "RAW"}
    ),
    "POST /dashboard/settings/mailboxes/{mailbox_id}/hook": Case(Act.MAILBOX_SECRETS_CHANGED, form={}),
    "POST /dashboard/settings/mailboxes/{mailbox_id}/switch": Case(Act.MAILBOX_CHANGED, form={"is_active": ""}),
    "POST /dashboard/settings/mailboxes/{mailbox_id}/remove": Case(Act.MAILBOX_REMOVED, form={}),
    "POST /api/email/domains": Case(Act.SENDING_DOMAIN_ADDED, {"domain": "new.{here}"}),
    "POST /api/email/domains/{id}/renew": Case(Act.SENDING_DOMAIN_KEYS_RENEWED, first=SHOWN),
    "DELETE /api/email/domains/{id}": Case(Act.SENDING_DOMAIN_REMOVED),
    "POST /dashboard/settings/domains": Case(Act.SENDING_DOMAIN_ADDED, form={"domain": "form.{here}"}),
    "POST /dashboard/settings/domains/{domain_id}/renew": Case(Act.SENDING_DOMAIN_KEYS_RENEWED, form={}, first=SHOWN),
    "POST /dashboard/settings/domains/{domain_id}/remove": Case(Act.SENDING_DOMAIN_REMOVED, form={}),
    "POST /api/email/ledger/{id}/retry": Case(Act.MAIL_READ_AGAIN, first=REFUSED),
    "POST /api/email/ledger/{id}/admit": Case(Act.MAIL_ADMITTED, first=REFUSED),
    "GET /api/email/ledger/{id}/raw": Case(Act.RAW_MAIL_OPENED),
    "POST /dashboard/settings/ledger/{entry_id}/retry": Case(Act.MAIL_READ_AGAIN, form={}, first=REFUSED),
    "POST /dashboard/settings/ledger/{entry_id}/ticket": Case(Act.MAIL_ADMITTED, form={}, first=REFUSED),
    "GET /dashboard/settings/ledger/{entry_id}/raw": Case(Act.RAW_MAIL_OPENED),
    "POST /dashboard/settings/quarantine": Case(
        Act.MAIL_LET_IN, form={"act": "release", "mail": "{entry}"}, first=HELD
    ),
    "POST /dashboard/settings/audit/retention": Case(Act.RETENTION_CHANGED, form={"keep_days": "400"}),
    "GET /dashboard/settings/audit": Case(Act.TRAIL_VIEWED, query={"q": "page"}),
    "GET /dashboard/settings/audit/export": Case(Act.TRAIL_EXPORTED),
    "PUT /api/audit/retention": Case(Act.RETENTION_CHANGED, {"keepDays": 365}),
    "GET /api/audit": Case(Act.TRAIL_VIEWED),
    "GET /api/audit/export": Case(Act.TRAIL_EXPORTED),
    "PUT /api/email/rules": Case(Act.MAIL_RULES_CHANGED, {"spamThreshold": 7.5}),
    "POST /dashboard/settings/mail-rules": Case(
        Act.MAIL_RULES_CHANGED, form={"attachment_limit": "10", "attachments_limit": "20", "undo_seconds": "10"}
    ),
    "PUT /api/sending/settings": Case(Act.SENDING_CHANGED, {"undoSeconds": 20}),
    "POST /api/signatures": Case(Act.WORDS_ADDED, {"userId": "{bob}", "texts": HELLO}),
    "PUT /api/signatures/{id}": Case(Act.WORDS_CHANGED, {"texts": HELLO}),
    "DELETE /api/signatures/{id}": Case(Act.WORDS_REMOVED),
    "POST /api/templates": Case(Act.WORDS_ADDED, {"name": "New", "texts": {"en": "Hello"}}),
    "PUT /api/templates/{id}": Case(Act.WORDS_CHANGED, {"name": "Other"}),
    "DELETE /api/templates/{id}": Case(Act.WORDS_REMOVED),
    "POST /api/automatic-mails": Case(
        Act.WORDS_ADDED, {"kind": "ACKNOWLEDGEMENT", "mailboxId": "{mailboxes}", "texts": HELLO}
    ),
    "PUT /api/automatic-mails/{id}": Case(Act.WORDS_CHANGED, {"texts": HELLO}),
    "DELETE /api/automatic-mails/{id}": Case(Act.WORDS_REMOVED),
    "PUT /api/automatic-mails/settings": Case(Act.MAIL_RULES_CHANGED, {"acknowledges": True}),
    "POST /dashboard/settings/automatic-mails/settings": Case(Act.SENDING_CHANGED, form={"first": "de"}),
    "POST /dashboard/settings/signatures": Case(Act.WORDS_ADDED, form={**WORDS, "owner": "mailbox:{mailboxes}"}),
    "POST /dashboard/settings/signatures/{wording_id}": Case(Act.WORDS_CHANGED, form=WORDS),
    "POST /dashboard/settings/signatures/{wording_id}/forget": Case(Act.WORDS_REMOVED, form={"language": "en"}),
    "POST /dashboard/settings/signatures/{wording_id}/remove": Case(Act.WORDS_REMOVED, form={}),
    "POST /dashboard/settings/templates": Case(Act.WORDS_ADDED, form={**WORDS, "name": "Third"}),
    "POST /dashboard/settings/templates/{wording_id}": Case(Act.WORDS_CHANGED, form={**WORDS, "name": "Fourth"}),
    "POST /dashboard/settings/templates/{wording_id}/forget": Case(Act.WORDS_REMOVED, form={"language": "en"}),
    "POST /dashboard/settings/templates/{wording_id}/remove": Case(Act.WORDS_REMOVED, form={}),
    "POST /dashboard/settings/automatic-mails": Case(Act.WORDS_ADDED, form={**WORDS, "owner": "mailbox:{mailboxes}"}),
    "POST /dashboard/settings/automatic-mails/{wording_id}": Case(Act.WORDS_CHANGED, form=WORDS),
    "POST /dashboard/settings/automatic-mails/{wording_id}/forget": Case(Act.WORDS_REMOVED, form={"language": "en"}),
    "POST /dashboard/settings/automatic-mails/{wording_id}/remove": Case(Act.WORDS_REMOVED, form={}),
}
