"""How people come in: proofs, steps, sessions, and the tokens of programs. Who they are is in `people`."""

from parlour.access.api_tokens import PREFIX as TOKEN_PREFIX
from parlour.access.api_tokens import ApiToken, create_token, revoke_token, tokens_of
from parlour.access.arriving import Entered, Outcome, Prove, Waiting, arrive, go_on
from parlour.access.challenges import SECONDS as CHALLENGE_SECONDS
from parlour.access.challenges import ChallengeOver
from parlour.access.client import Client, name_of
from parlour.access.passwords.hashing import hashed as hashed_password
from parlour.access.passwords.signing_in import LONGEST as LONGEST_PASSWORD
from parlour.access.passwords.signing_in import WrongCredentials, identities_by_password
from parlour.access.passwords.strength import WeakPassword, check_strength
from parlour.access.policy import Policy
from parlour.access.proofs import Identity, Method, Proof, proof
from parlour.access.sessions.keeping import Session, begin_session, end_session, end_sessions_of, session_of, sign_out
from parlour.access.signing_up import SignUp, sign_up
from parlour.access.standing import Standing, standing_of
from parlour.access.steps import Step

__all__ = [
    "CHALLENGE_SECONDS",
    "LONGEST_PASSWORD",
    "TOKEN_PREFIX",
    "ApiToken",
    "ChallengeOver",
    "Client",
    "Entered",
    "Identity",
    "Method",
    "Outcome",
    "Policy",
    "Proof",
    "Prove",
    "Session",
    "SignUp",
    "Standing",
    "Step",
    "Waiting",
    "WeakPassword",
    "WrongCredentials",
    "arrive",
    "begin_session",
    "check_strength",
    "create_token",
    "end_session",
    "end_sessions_of",
    "go_on",
    "hashed_password",
    "identities_by_password",
    "name_of",
    "proof",
    "revoke_token",
    "session_of",
    "sign_out",
    "sign_up",
    "standing_of",
    "tokens_of",
]
