"""`parlour organization`: which organizations there are, what their plans let them use, and the end of one."""

import argparse
import asyncio
from collections.abc import Sequence
from uuid import UUID

from parlour import notifications, people
from parlour.commands.erasing import erase
from parlour.foundation import installation, settings
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Problem
from parlour.foundation.installation import Installation
from parlour.people import Plan, Resource


def main(words: Sequence[str]) -> int:
    asked = _parser().parse_args(words)
    known = settings.load(**({"data": asked.data} if asked.data else {}))
    try:
        return asyncio.run(_do(installation.build(known, reactions={}), asked))
    except Problem as trouble:
        print(" ".join(map(str, (trouble.details or {}).values())) or trouble.message)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="parlour organization", description="Organizations and their plans.")
    actions = parser.add_subparsers(dest="action", required=True, metavar="list | show | plan | limits | erase")
    every = actions.add_parser("list", help="every organization and its plan, a line each")
    show = actions.add_parser("show", help="one organization: plan, limits, usage")
    plan = actions.add_parser("plan", help="give it another plan")
    limits = actions.add_parser("limits", help="limits of its own; what is not named is the plan's")
    end = actions.add_parser("erase", help="erase one with everything in it, now and for good")
    end.add_argument("--yes", action="store_true", help="without asking for its short name again")
    for action in (show, plan, limits, end):
        action.add_argument("organization", metavar="ORGANIZATION", help="its short name")
    plan.add_argument("plan", type=Plan, choices=list(Plan), metavar="|".join(Plan))
    for resource in Resource:
        limits.add_argument(f"--{resource.lower()}", metavar="N", help="a number, or `none` for no limit")
    for action in (every, show, plan, limits, end):
        action.add_argument("--data", help="the data folder of `parlour up`")
    return parser


async def _do(built: Installation, asked: argparse.Namespace) -> int:
    async with installation.running(built) as here:
        if asked.action == "list":
            for organization_id in await here.database.doorways.organizations():
                await _line(here, organization_id)
            return 0
        found = await here.database.doorways.organization_by_slug(asked.organization)
        if found is None:
            raise SystemExit(f"There is no organization {asked.organization!r}.")
        if asked.action == "erase":
            return await erase(here, found, is_sure=asked.yes)
        async with here.database.transaction(found) as tx:
            if asked.action == "plan":
                await people.set_plan(tx, asked.plan)
            elif asked.action == "limits":
                await people.agree_on(tx, _agreed(asked))
            await _describe(tx)
    return 0


def _agreed(asked: argparse.Namespace) -> dict[Resource, int | None]:
    written = {resource: getattr(asked, resource.lower()) for resource in Resource}
    try:
        return {
            resource: None if text.lower() == "none" else int(text)
            for resource, text in written.items()
            if text is not None
        }
    except ValueError:
        raise SystemExit("A limit is a number, or `none`.") from None


async def _line(here: Installation, organization_id: UUID) -> None:
    async with here.database.reading(organization_id) as tx:
        organization, subscription = await people.this_organization(tx), await people.subscription_of(tx)
    agreed = ", limits of its own" if subscription.agreed else ""
    print(f"{organization.slug}  {organization.name}  {subscription.plan}{agreed}", flush=True)


async def _describe(tx: Transaction) -> None:
    organization, subscription = await people.this_organization(tx), await people.subscription_of(tx)
    print(f"{organization.slug}  {organization.name}  {subscription.plan}")
    for usage in await notifications.usage_of(tx):
        limit = "no limit" if usage.limit is None else f"of {usage.limit:,}, {usage.percent} %"
        agreed = ", agreed" if usage.resource in subscription.agreed else ""
        print(f"  {usage.resource.lower():<10}{usage.amount:,} ({limit}{agreed})")
