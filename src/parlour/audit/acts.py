"""What is written down: every act that matters to security, in words. A new one is one line here and one call there."""

from enum import StrEnum


class Group(StrEnum):
    """What an act is about."""

    SIGN_IN = "SIGN_IN"
    PEOPLE = "PEOPLE"
    TOKENS = "TOKENS"
    SETTINGS = "SETTINGS"
    MAIL = "MAIL"
    TICKETS = "TICKETS"
    AUDIT = "AUDIT"


class Act(StrEnum):
    """One kind of act. The value is what is stored, for ever; `words` may change."""

    group: Group
    words: str

    def __new__(cls, value: str, group: Group, words: str) -> "Act":
        act = str.__new__(cls, value)
        act._value_ = value
        act.group = group
        act.words = words
        return act

    SIGNED_IN = "SIGNED_IN", Group.SIGN_IN, "Signed in"
    SIGN_IN_PAUSED = "SIGN_IN_PAUSED", Group.SIGN_IN, "Was held up after too many wrong guesses"
    SIGN_IN_REFUSED = "SIGN_IN_REFUSED", Group.SIGN_IN, "Failed to sign in"
    PROVIDER_CONNECTED = "PROVIDER_CONNECTED", Group.SIGN_IN, "Connected a person with an identity provider"
    PROVIDER_DISCONNECTED = "PROVIDER_DISCONNECTED", Group.SIGN_IN, "Disconnected a person from an identity provider"
    SIGNED_OUT = "SIGNED_OUT", Group.SIGN_IN, "Signed out"
    SESSIONS_ENDED = "SESSIONS_ENDED", Group.SIGN_IN, "Signed somebody out everywhere"
    PASSWORD_CHANGED = "PASSWORD_CHANGED", Group.SIGN_IN, "Changed their password"
    SECOND_FACTOR_SET_UP = "SECOND_FACTOR_SET_UP", Group.SIGN_IN, "Set up a second factor"
    SECOND_FACTOR_REMOVED = "SECOND_FACTOR_REMOVED", Group.SIGN_IN, "Removed their second factor"
    SECOND_FACTOR_TAKEN_AWAY = "SECOND_FACTOR_TAKEN_AWAY", Group.SIGN_IN, "Took away somebody's second factor"
    BACKUP_CODES_RENEWED = "BACKUP_CODES_RENEWED", Group.SIGN_IN, "Made new backup codes"
    DEVICE_REMEMBERED = "DEVICE_REMEMBERED", Group.SIGN_IN, "Had a browser remembered"
    DEVICE_FORGOTTEN = "DEVICE_FORGOTTEN", Group.SIGN_IN, "Had a browser forgotten"
    PASSKEY_ADDED = "PASSKEY_ADDED", Group.SIGN_IN, "Added a passkey"
    PASSKEY_RENAMED = "PASSKEY_RENAMED", Group.SIGN_IN, "Renamed a passkey"
    PASSKEY_REMOVED = "PASSKEY_REMOVED", Group.SIGN_IN, "Removed a passkey"
    PASSKEY_COPIED = "PASSKEY_COPIED", Group.SIGN_IN, "Showed a passkey whose counter did not go on"
    REFRESH_TOKEN_REUSED = "REFRESH_TOKEN_REUSED", Group.SIGN_IN, "Showed a refresh token that was used before"
    SECURITY_POLICY_CHANGED = "SECURITY_POLICY_CHANGED", Group.SETTINGS, "Changed what signing in asks for"
    LINK_SENT = "LINK_SENT", Group.SIGN_IN, "Had a link sent by mail"
    ADDRESS_CONFIRMED = "ADDRESS_CONFIRMED", Group.SIGN_IN, "Confirmed their address"
    PASSWORD_SET_BY_LINK = "PASSWORD_SET_BY_LINK", Group.SIGN_IN, "Set a password with a link"
    PORTAL_KEY_ADDED = "PORTAL_KEY_ADDED", Group.SETTINGS, "Added a key for signing in to the portal"
    PORTAL_KEY_REMOVED = "PORTAL_KEY_REMOVED", Group.SETTINGS, "Removed a key for signing in to the portal"

    PERSON_ADDED = "PERSON_ADDED", Group.PEOPLE, "Added a person"
    INVITED = "INVITED", Group.PEOPLE, "Invited somebody"
    INVITATION_REVOKED = "INVITATION_REVOKED", Group.PEOPLE, "Took an invitation back"
    INVITATION_ACCEPTED = "INVITATION_ACCEPTED", Group.PEOPLE, "Accepted an invitation"
    PERSON_RENAMED = "PERSON_RENAMED", Group.PEOPLE, "Renamed a person"
    ADDRESS_CHANGED = "ADDRESS_CHANGED", Group.PEOPLE, "Changed somebody's address"
    ROLE_CHANGED = "ROLE_CHANGED", Group.PEOPLE, "Changed a role"
    REACH_CHANGED = "REACH_CHANGED", Group.PEOPLE, "Changed what somebody sees"
    STATUS_CHANGED = "STATUS_CHANGED", Group.PEOPLE, "Activated or deactivated a person"
    DEPARTMENT_ADDED = "DEPARTMENT_ADDED", Group.PEOPLE, "Added a department"
    DEPARTMENT_CHANGED = "DEPARTMENT_CHANGED", Group.PEOPLE, "Changed a department"
    MEMBERS_CHANGED = "MEMBERS_CHANGED", Group.PEOPLE, "Changed who works in a department"
    DEPARTMENT_REMOVED = "DEPARTMENT_REMOVED", Group.PEOPLE, "Removed a department"
    CUSTOM_ROLE_ADDED = "CUSTOM_ROLE_ADDED", Group.PEOPLE, "Made a role"
    CUSTOM_ROLE_CHANGED = "CUSTOM_ROLE_CHANGED", Group.PEOPLE, "Changed what a role allows"
    CUSTOM_ROLE_REMOVED = "CUSTOM_ROLE_REMOVED", Group.PEOPLE, "Removed a role"

    COMPANY_ADDED = "COMPANY_ADDED", Group.PEOPLE, "Added a company"
    COMPANY_CHANGED = "COMPANY_CHANGED", Group.PEOPLE, "Changed a company"
    COMPANY_REMOVED = "COMPANY_REMOVED", Group.PEOPLE, "Removed a company"
    COMPANY_OF_PERSON_CHANGED = "COMPANY_OF_PERSON_CHANGED", Group.PEOPLE, "Changed whose company somebody belongs to"

    GROUP_ADDED = "GROUP_ADDED", Group.PEOPLE, "Added a group of the directory"
    GROUP_CHANGED = "GROUP_CHANGED", Group.PEOPLE, "Renamed a group of the directory"
    GROUP_MAPPED = "GROUP_MAPPED", Group.PEOPLE, "Decided what a group of the directory means"
    GROUP_REMOVED = "GROUP_REMOVED", Group.PEOPLE, "Removed a group of the directory"

    TOKEN_MADE = "TOKEN_MADE", Group.TOKENS, "Made an API token"
    TOKEN_REVOKED = "TOKEN_REVOKED", Group.TOKENS, "Revoked an API token"

    ORGANIZATION_FOUNDED = "ORGANIZATION_FOUNDED", Group.SETTINGS, "Founded the organization"
    PLAN_CHANGED = "PLAN_CHANGED", Group.SETTINGS, "Changed the organization's plan or limits"
    PLAN_LIMIT_NEAR = "PLAN_LIMIT_NEAR", Group.SETTINGS, "Came near a limit of the plan, or reached it"
    DELETION_ASKED = "DELETION_ASKED", Group.SETTINGS, "Closed the organization, to have it deleted"
    DELETION_CALLED_OFF = "DELETION_CALLED_OFF", Group.SETTINGS, "Called off the organization's deletion"
    ORGANIZATION_CHANGED = "ORGANIZATION_CHANGED", Group.SETTINGS, "Changed the organization"
    PORTAL_HOST_ASKED = "PORTAL_HOST_ASKED", Group.SETTINGS, "Asked for an address of the portal's own"
    PORTAL_HOST_VERIFIED = "PORTAL_HOST_VERIFIED", Group.SETTINGS, "Gave the portal an address of its own"
    PORTAL_HOST_LOST = "PORTAL_HOST_LOST", Group.SETTINGS, "Lost the portal's own address: its records are gone"
    PORTAL_HOST_GIVEN_UP = "PORTAL_HOST_GIVEN_UP", Group.SETTINGS, "Gave up the portal's own address"
    SENDING_CHANGED = "SENDING_CHANGED", Group.SETTINGS, "Changed how replies are sent"

    PROVIDER_ADDED = "PROVIDER_ADDED", Group.SETTINGS, "Added an identity provider"
    PROVIDER_CHANGED = "PROVIDER_CHANGED", Group.SETTINGS, "Changed an identity provider"
    PROVIDER_REMOVED = "PROVIDER_REMOVED", Group.SETTINGS, "Removed an identity provider"
    SAML_KEY_MADE = "SAML_KEY_MADE", Group.SETTINGS, "Made a key for encrypted SAML answers"
    DOMAIN_CLAIMED = "DOMAIN_CLAIMED", Group.SETTINGS, "Claimed a domain for sign-in"
    DOMAIN_VERIFIED = "DOMAIN_VERIFIED", Group.SETTINGS, "Showed that a claimed domain is the organization's"
    DOMAIN_LOST = "DOMAIN_LOST", Group.SETTINGS, "Lost a claimed domain: its record is gone"
    DOMAIN_RELEASED = "DOMAIN_RELEASED", Group.SETTINGS, "Released a claimed domain"

    KEYS_ROTATED = "KEYS_ROTATED", Group.SETTINGS, "Gave the organization a new data key"
    MASTER_KEY_CHANGED = "MASTER_KEY_CHANGED", Group.SETTINGS, "Wrapped the data keys with another master key"
    KEYS_DESTROYED = "KEYS_DESTROYED", Group.SETTINGS, "Destroyed the organization's data keys"

    WORDS_ADDED = "WORDS_ADDED", Group.MAIL, "Wrote a signature, a template or an automatic mail"
    WORDS_CHANGED = "WORDS_CHANGED", Group.MAIL, "Changed a signature, a template or an automatic mail"
    WORDS_REMOVED = "WORDS_REMOVED", Group.MAIL, "Removed a signature, a template or an automatic mail"
    MAIL_RULES_CHANGED = "MAIL_RULES_CHANGED", Group.MAIL, "Changed how incoming mail is treated"
    MAILBOX_ADDED = "MAILBOX_ADDED", Group.MAIL, "Added a mailbox"
    MAILBOX_CHANGED = "MAILBOX_CHANGED", Group.MAIL, "Changed a mailbox"
    MAILBOX_SECRETS_CHANGED = "MAILBOX_SECRETS_CHANGED", Group.MAIL, "Changed a mailbox's secrets"
    MAILBOX_REMOVED = "MAILBOX_REMOVED", Group.MAIL, "Removed a mailbox"
    SENDING_DOMAIN_ADDED = "SENDING_DOMAIN_ADDED", Group.MAIL, "Added a sending domain"
    SENDING_DOMAIN_KEYS_RENEWED = "SENDING_DOMAIN_KEYS_RENEWED", Group.MAIL, "Made new keys for a sending domain"
    SENDING_DOMAIN_REMOVED = "SENDING_DOMAIN_REMOVED", Group.MAIL, "Removed a sending domain"
    MAIL_LET_IN = "MAIL_LET_IN", Group.MAIL, "Let mail in from quarantine"
    MAIL_TURNED_AWAY = "MAIL_TURNED_AWAY", Group.MAIL, "Turned mail away from quarantine"
    MAIL_ADMITTED = "MAIL_ADMITTED", Group.MAIL, "Made a ticket of a mail by hand"
    MAIL_READ_AGAIN = "MAIL_READ_AGAIN", Group.MAIL, "Had a mail read again"
    RAW_MAIL_OPENED = "RAW_MAIL_OPENED", Group.MAIL, "Opened a raw mail"

    TICKET_DELETED = "TICKET_DELETED", Group.TICKETS, "Put a ticket into the bin"
    TICKET_RESTORED = "TICKET_RESTORED", Group.TICKETS, "Took a ticket out of the bin"

    TRAIL_VIEWED = "TRAIL_VIEWED", Group.AUDIT, "Looked at the audit trail"
    TRAIL_EXPORTED = "TRAIL_EXPORTED", Group.AUDIT, "Exported the audit trail"
    RETENTION_CHANGED = "RETENTION_CHANGED", Group.AUDIT, "Changed how long the audit trail is kept"
    TRAIL_ACCEPTED = "TRAIL_ACCEPTED", Group.AUDIT, "Accepted the trail as it was put back from a backup"
    TRAIL_TRIMMED = "TRAIL_TRIMMED", Group.AUDIT, "Removed the oldest audit records"


def words_of(act: str) -> str:
    """In words; an act of a newer version, which this one doesn't know, as it is written."""
    return Act.__members__[act].words if act in Act.__members__ else act.replace("_", " ").capitalize()
