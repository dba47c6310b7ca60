"""Coming in at any HTTP door: which client it is, who it is, the pages in between, and what the browser keeps."""

from parlour.entrance.arriving import own_address, own_security
from parlour.entrance.arriving.admission import (
    also_tell,
    arrive,
    continued,
    cookies_for,
    csrf_token,
    farewell,
    go_on,
    half_done,
    known_browser_cookie,
    newcomer,
    remember,
    session_cookie,
    session_in,
    session_token,
    step_page,
    switch,
    with_cookies,
)
from parlour.entrance.arriving.by_provider import address_for as address_of_provider
from parlour.entrance.arriving.by_provider import back_to_the_door, came_back, sent_away
from parlour.entrance.arriving.clients import address_of, client_of
from parlour.entrance.arriving.links import ask_form, asked, link_form, link_opened, password_sent, sent
from parlour.entrance.arriving.passwords import by_password
from parlour.entrance.arriving.steps import (
    Door,
    arrived,
    code_sent,
    confirm_form,
    confirm_sent,
    set_up_sent,
    step_form,
)

__all__ = [
    "Door",
    "address_of",
    "address_of_provider",
    "also_tell",
    "arrive",
    "arrived",
    "ask_form",
    "asked",
    "back_to_the_door",
    "by_password",
    "came_back",
    "client_of",
    "code_sent",
    "confirm_form",
    "confirm_sent",
    "continued",
    "cookies_for",
    "csrf_token",
    "farewell",
    "go_on",
    "half_done",
    "known_browser_cookie",
    "link_form",
    "link_opened",
    "newcomer",
    "own_address",
    "own_security",
    "password_sent",
    "remember",
    "sent",
    "sent_away",
    "session_cookie",
    "session_in",
    "session_token",
    "set_up_sent",
    "step_form",
    "step_page",
    "switch",
    "with_cookies",
]
