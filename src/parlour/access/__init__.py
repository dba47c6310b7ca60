"""How people come in: proofs, steps, sessions, and the tokens of programs. Who they are is in `people`."""

from parlour.access.arriving import Entered, Outcome, Prove, Waiting, arrive, go_on, pending
from parlour.access.attempts import JOBS, count, counted, of_address, of_mail, of_recipient, of_sign_in
from parlour.access.challenges import SECONDS as CHALLENGE_SECONDS
from parlour.access.challenges import ChallengeOver
from parlour.access.client import Client, name_of
from parlour.access.confirming import ConfirmFirst, OnlyInPerson, by_password, confirm, is_fresh
from parlour.access.invitations.accepting import Asked, InvitationOver, accept_invitation, asked_by_link
from parlour.access.invitations.inviting import DAYS as INVITATION_DAYS
from parlour.access.invitations.inviting import PURPOSE as INVITATION_PURPOSE
from parlour.access.invitations.inviting import (
    Invitation,
    NewInvitation,
    find_invitation,
    invitations,
    invite,
    invite_again,
    may_invite,
    revoke_invitation,
)
from parlour.access.known_browsers import DAYS as KNOWN_BROWSER_DAYS
from parlour.access.known_browsers import known_browser
from parlour.access.known_browsers import mark_of as known_browser_mark
from parlour.access.links.addresses import (
    ConfirmYourAddress,
    NewAddress,
    address_by_link,
    ask_for_address,
    confirm_address,
    is_unconfirmed,
)
from parlour.access.links.keeping import (
    ADDRESS_HOURS,
    LinkOver,
    Purpose,
    end_links,
    find_link,
    link_text,
    make_link,
    read_link,
)
from parlour.access.links.keeping import MINUTES as LINK_MINUTES
from parlour.access.links.opening import LinkedPlace, identities_by_link, places_by_link, set_password_by_link
from parlour.access.passkeys.ceremonies import SECONDS as CEREMONY_SECONDS
from parlour.access.passkeys.ceremonies import CeremonyOver, Party, WrongPasskey, party_at
from parlour.access.passkeys.events import PasskeyAdded, PasskeyFact, PasskeyRemoved
from parlour.access.passkeys.keeping import LastSecondFactor, Passkey, passkeys_of, remove_passkey, rename_passkey
from parlour.access.passkeys.registering import (
    KnownPasskey,
    TooManyPasskeys,
    add_passkey,
    begin_registration,
    by_new_passkey,
)
from parlour.access.passkeys.showing import (
    PasskeyOfAnother,
    ask_somebody,
    ask_whose,
    by_passkey,
    identities_by_passkey,
)
from parlour.access.passwords.changing import NoPassword, WrongPassword, check_password, has_password, set_password
from parlour.access.passwords.hashing import hashed as hashed_password
from parlour.access.passwords.signing_in import LONGEST as LONGEST_PASSWORD
from parlour.access.passwords.signing_in import MOST_PLACES, WrongCredentials, identities_by_password
from parlour.access.passwords.strength import WeakPassword
from parlour.access.passwords.strength import check as check_strength
from parlour.access.policy import Policy, policy_of, set_policy
from parlour.access.portal_tokens.entering import WrongToken, identity_by_portal_token
from parlour.access.portal_tokens.keys import (
    PortalKey,
    add_portal_key,
    make_portal_secret,
    portal_keys,
    remove_portal_key,
)
from parlour.access.programs.api_tokens import (
    ApiToken,
    SomebodysToken,
    all_tokens,
    create_directory_token,
    create_token,
    revoke_any,
    revoke_token,
    tokens_of,
)
from parlour.access.programs.bearing import Bearer, bearer_of, note_use
from parlour.access.programs.scopes import READ_ONLY, Scopes, narrowed, scopes_for
from parlour.access.programs.texts import PREFIX as TOKEN_PREFIX
from parlour.access.programs.texts import is_mistyped as is_mistyped_token
from parlour.access.proofs import Identity, Method, Proof, proof
from parlour.access.recovery import after_change, change_user, take_away_second_factor
from parlour.access.second_factor.backup_codes import HOW_MANY as BACKUP_CODES
from parlour.access.second_factor.devices import Device, devices_of, forget_device, remember_device
from parlour.access.second_factor.enrolment import (
    AlreadySetUp,
    Enrolment,
    NotSetUp,
    SecondFactor,
    begin_enrolment,
    confirm_enrolment,
    remove_second_factor,
    renew_codes,
    second_factor_of,
    users_with_second_factor,
)
from parlour.access.second_factor.proving import by_code, by_setting_up
from parlour.access.second_factor.totp import WrongCode
from parlour.access.sessions.ending import CHANNEL as CHANGES_CHANNEL
from parlour.access.sessions.ending import Changed, announce, end_all_sessions, end_one_of, end_sessions_of, sign_out
from parlour.access.sessions.keeping import Session, begin_session, is_over, limits_under, session_of
from parlour.access.sessions.keeping import note_use as note_session_use
from parlour.access.sessions.listing import SignedIn, has_session, sessions_of
from parlour.access.sessions.renewing import SessionChanged, as_it_stands
from parlour.access.sessions.renewing import renew as renew_session
from parlour.access.sessions.renewing import replace as replace_session
from parlour.access.signing_up import SignUp, sign_up
from parlour.access.standing import Standing, standing_of
from parlour.access.steps import Step
from parlour.access.switching import Place, places_of, switch

__all__ = [
    "ADDRESS_HOURS",
    "BACKUP_CODES",
    "CEREMONY_SECONDS",
    "CHALLENGE_SECONDS",
    "CHANGES_CHANNEL",
    "INVITATION_DAYS",
    "INVITATION_PURPOSE",
    "JOBS",
    "KNOWN_BROWSER_DAYS",
    "LINK_MINUTES",
    "LONGEST_PASSWORD",
    "MOST_PLACES",
    "READ_ONLY",
    "TOKEN_PREFIX",
    "AlreadySetUp",
    "ApiToken",
    "Asked",
    "Bearer",
    "CeremonyOver",
    "ChallengeOver",
    "Changed",
    "Client",
    "ConfirmFirst",
    "ConfirmYourAddress",
    "Device",
    "Enrolment",
    "Entered",
    "Identity",
    "Invitation",
    "InvitationOver",
    "KnownPasskey",
    "LastSecondFactor",
    "LinkOver",
    "LinkedPlace",
    "Method",
    "NewAddress",
    "NewInvitation",
    "NoPassword",
    "NotSetUp",
    "OnlyInPerson",
    "Outcome",
    "Party",
    "Passkey",
    "PasskeyAdded",
    "PasskeyFact",
    "PasskeyOfAnother",
    "PasskeyRemoved",
    "Place",
    "Policy",
    "PortalKey",
    "Proof",
    "Prove",
    "Purpose",
    "Scopes",
    "SecondFactor",
    "Session",
    "SessionChanged",
    "SignUp",
    "SignedIn",
    "SomebodysToken",
    "Standing",
    "Step",
    "TooManyPasskeys",
    "Waiting",
    "WeakPassword",
    "WrongCode",
    "WrongCredentials",
    "WrongPasskey",
    "WrongPassword",
    "WrongToken",
    "accept_invitation",
    "add_passkey",
    "add_portal_key",
    "address_by_link",
    "after_change",
    "all_tokens",
    "announce",
    "arrive",
    "as_it_stands",
    "ask_for_address",
    "ask_somebody",
    "ask_whose",
    "asked_by_link",
    "bearer_of",
    "begin_enrolment",
    "begin_registration",
    "begin_session",
    "by_code",
    "by_new_passkey",
    "by_passkey",
    "by_password",
    "by_setting_up",
    "change_user",
    "check_password",
    "check_strength",
    "confirm",
    "confirm_address",
    "confirm_enrolment",
    "count",
    "counted",
    "create_directory_token",
    "create_token",
    "devices_of",
    "end_all_sessions",
    "end_links",
    "end_one_of",
    "end_sessions_of",
    "find_invitation",
    "find_link",
    "forget_device",
    "go_on",
    "has_password",
    "has_session",
    "hashed_password",
    "identities_by_link",
    "identities_by_passkey",
    "identities_by_password",
    "identity_by_portal_token",
    "invitations",
    "invite",
    "invite_again",
    "is_fresh",
    "is_mistyped_token",
    "is_over",
    "is_unconfirmed",
    "known_browser",
    "known_browser_mark",
    "limits_under",
    "link_text",
    "make_link",
    "make_portal_secret",
    "may_invite",
    "name_of",
    "narrowed",
    "note_session_use",
    "note_use",
    "of_address",
    "of_mail",
    "of_recipient",
    "of_sign_in",
    "party_at",
    "passkeys_of",
    "pending",
    "places_by_link",
    "places_of",
    "policy_of",
    "portal_keys",
    "proof",
    "read_link",
    "remember_device",
    "remove_passkey",
    "remove_portal_key",
    "remove_second_factor",
    "rename_passkey",
    "renew_codes",
    "renew_session",
    "replace_session",
    "revoke_any",
    "revoke_invitation",
    "revoke_token",
    "scopes_for",
    "second_factor_of",
    "session_of",
    "sessions_of",
    "set_password",
    "set_password_by_link",
    "set_policy",
    "sign_out",
    "sign_up",
    "standing_of",
    "switch",
    "take_away_second_factor",
    "tokens_of",
    "users_with_second_factor",
]
