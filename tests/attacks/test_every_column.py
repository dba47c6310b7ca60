"""Every text in the database is one that would run, whoever wrote it and whatever was cleaned before: no page runs it.

What is filled by hand is in test_nothing_runs_on_any_page. Here it is what nobody thought of: all columns there are.
"""

import re
from typing import Any

import msgspec
import psycopg
from playwright.async_api import Page

from parlour.foundation.database import Transaction
from parlour.people import Actor
from tests.attacks.test_nothing_runs_on_any_page import LEAVES_ALONE, POKE, WATCH
from tests.browser.desks import Desks
from tests.browser.test_looks import every_page, furnish
from tests.builders import Company

RUNS = "'\"></title></textarea><svg onload=alert(1)>"
CLEANED = {
    "comments.html",
    "outbound_messages.html",
    "outbound_messages.signature_html",
}
"""Markup that was cleaned when it came in, and is shown as such: see tests/email/safety."""
CODES = re.compile(
    r"\.(kind|status|status_after|role|newcomers_are|reach|state|mail_state|outcome|source|visibility|portal_view|"
    r"purpose|usage_of|resource|plan|priority|algorithm|automatic|left_out|unchecked|warning|trouble|proof|pointing|"
    r"master|key_name|blob_key|colour|logo|time_zone|slug|token|host|domain|address|email|secret|scopes|permissions|"
    r"second_factor_for|transports|certificate|certificates|public|public_key|password_hash|own_domain|language|"
    r"languages|signature_language|path|sign_on|issuer|identifier)$"
)
"""What the program itself writes and reads again, or checks the form of: names of kinds, keys, addresses."""

COLUMNS = """
    select c.relname as table, a.attname as column, format_type(a.atttypid, a.atttypmod) as kind
    from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relrowsecurity and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
        and format_type(a.atttypid, a.atttypmod) in ('text', 'text[]')
        and has_column_privilege(c.oid, a.attnum, 'update')
    order by 1, 2
"""


class _Column(msgspec.Struct):
    table: str
    column: str
    kind: str


async def test_no_text_in_any_column_runs_on_any_page(unlimited: Any, acme: Company, desks: Desks) -> None:
    belongings = await furnish(acme)
    pages = list(every_page(unlimited, acme, belongings))
    filled = await _fill(acme)
    assert len(filled) > 30, filled
    for actor, doors in ((acme.alice, ("/dashboard", "/confirm", "/switch", "/sign-in")), (acme.carol, ("/portal",))):
        ran, seen = await _opened(desks, acme, actor, [path for path in pages if path.startswith(doors)])
        assert ran == []
        assert seen > (40 if actor.is_agent else 5)
    # `desks` looks besides that no console told of anything refused, and no page failed.


async def _fill(company: Company) -> list[str]:
    """Which columns hold it now: not those that the database itself lets hold only what has another form."""
    filled = []
    async with company.database.transaction(company.organization_id) as tx:
        for column in await tx.all(_Column, COLUMNS):
            name = f"{column.table}.{column.column}"
            if name not in CLEANED and not CODES.search(name) and await _set(tx, column):
                filled.append(name)
    return filled


async def _set(tx: Transaction, column: _Column) -> bool:
    # Short, and another in each row: most names are limited, and many must be unlike the others.
    runs = "%(runs)s || substr(md5(random()::text), 1, 6)"
    value = f"array[{runs}]" if column.kind == "text[]" else runs
    try:
        async with tx.savepoint():
            changed = await tx.run(f"update {column.table} set {column.column} = {value}", runs=RUNS)  # type: ignore[arg-type]
    except psycopg.IntegrityError:
        return False
    return bool(changed)


async def _opened(desks: Desks, company: Company, actor: Actor, paths: list[str]) -> tuple[list[str], int]:
    page = await desks.page(company, actor)
    await page.add_init_script(WATCH)
    ran, seen = [], 0
    for path in paths:
        if LEAVES_ALONE.search(path) or not await _is_page(page, path):
            continue
        await page.goto(path, wait_until="load")
        seen += 1
        if await page.evaluate(POKE):
            ran.append(path)
    return ran, seen


async def _is_page(page: Page, path: str) -> bool:
    answer = await page.context.request.get(path)
    return answer.headers.get("content-type", "").startswith("text/html")
