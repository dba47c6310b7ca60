"""What every HTTP door shares: who asks, what they may, how often, and how failures are told."""

from parlour.entrance import arriving, pages
from parlour.entrance.arriving import address_of
from parlour.entrance.arriving.cookies import SESSION as COOKIE
from parlour.entrance.arriving.cookies import name_of as cookie_name
from parlour.entrance.bodies import json_body, query, query_pairs, refuse_query
from parlour.entrance.browsers.hosts import Hosts
from parlour.entrance.browsers.origins import note as note_origin
from parlour.entrance.browsers.policies import POLICY
from parlour.entrance.csrf import is_own_origin
from parlour.entrance.errors import Failure, Moved
from parlour.entrance.errors import answer as answer_failure
from parlour.entrance.files.giving import give, lead_to_picture
from parlour.entrance.files.host import FilesHost
from parlour.entrance.files.parts import SHOWN_INLINE, Streamed
from parlour.entrance.guarding import PUBLIC, admit, limits_of, must_be_confirmed, needs, public, unguarded
from parlour.entrance.identity import BadToken, Identities, Visitor
from parlour.entrance.limits import Left, Limit, Limits
from parlour.entrance.porch import Porch
from parlour.entrance.request import MOST_FIELDS, Request

__all__ = [
    "COOKIE",
    "MOST_FIELDS",
    "POLICY",
    "PUBLIC",
    "SHOWN_INLINE",
    "BadToken",
    "Failure",
    "FilesHost",
    "Hosts",
    "Identities",
    "Left",
    "Limit",
    "Limits",
    "Moved",
    "Porch",
    "Request",
    "Streamed",
    "Visitor",
    "address_of",
    "admit",
    "answer_failure",
    "arriving",
    "cookie_name",
    "give",
    "is_own_origin",
    "json_body",
    "lead_to_picture",
    "limits_of",
    "must_be_confirmed",
    "needs",
    "note_origin",
    "pages",
    "public",
    "query",
    "query_pairs",
    "refuse_query",
    "unguarded",
]
