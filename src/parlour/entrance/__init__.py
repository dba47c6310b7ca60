"""What every HTTP door shares: who asks, what they may, how often, and how failures are told."""

from parlour.entrance import pages
from parlour.entrance.arriving.admission import arrive, farewell, newcomer, session_token, step_page
from parlour.entrance.arriving.clients import address_of, client_of
from parlour.entrance.arriving.cookies import SESSION as COOKIE
from parlour.entrance.arriving.cookies import name_of as cookie_name
from parlour.entrance.arriving.identity import BadToken, Identities, Visitor
from parlour.entrance.bodies import json_body, query, query_pairs, refuse_query
from parlour.entrance.csrf import is_own_origin
from parlour.entrance.errors import Failure
from parlour.entrance.errors import answer as answer_failure
from parlour.entrance.guarding import PUBLIC, admit, limits_of, needs, public, unguarded
from parlour.entrance.limits import Left, Limit, Limits
from parlour.entrance.porch import Porch
from parlour.entrance.request import Request
from parlour.entrance.security_headers import POLICY

__all__ = [
    "COOKIE",
    "POLICY",
    "PUBLIC",
    "BadToken",
    "Failure",
    "Identities",
    "Left",
    "Limit",
    "Limits",
    "Porch",
    "Request",
    "Visitor",
    "address_of",
    "admit",
    "answer_failure",
    "arrive",
    "client_of",
    "cookie_name",
    "farewell",
    "is_own_origin",
    "json_body",
    "limits_of",
    "needs",
    "newcomer",
    "pages",
    "public",
    "query",
    "query_pairs",
    "refuse_query",
    "session_token",
    "step_page",
    "unguarded",
]
