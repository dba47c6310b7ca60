"""`parlour keys`: how the keys stand, new ones, and the end of an organization's."""

import argparse
import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from parlour import audit, people
from parlour.access import apps
from parlour.audit import Act
from parlour.foundation import clock, installation, settings
from parlour.foundation.errors import Problem
from parlour.foundation.installation import Installation
from parlour.foundation.keys import ciphers
from parlour.foundation.keys.destruction import destroy
from parlour.foundation.keys.keyring import KeyRow, key_rows
from parlour.foundation.keys.rotation import begin, finish, left_over
from parlour.sealed_columns import SEALED_COLUMNS

NO_WAY_BACK = """Every password, token, attachment and raw mail of {name} ({slug}) becomes unreadable,
here and in every backup. Comments stay. There is no way back.
Type the organization's short name to go on: """


def main(words: Sequence[str]) -> int:
    parser = _parser()
    asked = parser.parse_args(words)
    if asked.action == "rotate" and asked.at_once and not asked.tokens:
        parser.error("--at-once goes with --tokens")
    known = settings.load(**({"data": asked.data} if asked.data else {}))
    try:
        return asyncio.run(_do(installation.build(known, reactions={}), asked))
    except Problem as trouble:
        print(trouble.message)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="parlour keys", description="Keys of what is encrypted at rest.")
    actions = parser.add_subparsers(dest="action", required=True, metavar="status | rotate | destroy")
    status = actions.add_parser("status", help="which key each organization has, and what is left of older ones")
    rotate = actions.add_parser(
        "rotate", help="new data keys, and everything sealed anew; goes on where it was stopped"
    )
    which = rotate.add_mutually_exclusive_group()
    which.add_argument("--master", action="store_true", help="a new master key instead: data keys are wrapped anew")
    which.add_argument("--tokens", action="store_true", help="new keys for apps' access tokens instead")
    rotate.add_argument("--at-once", action="store_true", help="with --tokens: old ones count no more, as after a leak")
    which.add_argument("--organization", metavar="SLUG", help="this one's only")
    end = actions.add_parser("destroy", help="make what is encrypted of an organization unreadable for good")
    end.add_argument("organization", metavar="ORGANIZATION", help="its short name")
    end.add_argument("--confirm", metavar="SLUG", help="its short name again, instead of being asked for it")
    for action in (status, rotate, end):
        action.add_argument("--data", help="the data folder of `parlour up`")
    return parser


async def _do(built: Installation, asked: argparse.Namespace) -> int:
    async with installation.running(built) as here:
        match asked.action:
            case "status":
                return await _status(here)
            case "destroy":
                return await _destroy(here, asked)
            case _ if asked.tokens:
                return await _rotate_tokens(here, at_once=asked.at_once)
            case _ if asked.master:
                return await _rotate_master(here)
        return await _rotate(here, await _organizations(here, asked.organization))


async def _organizations(here: Installation, slug: str | None) -> list[UUID]:
    if slug is None:
        return await here.database.doorways.organizations()
    found = await here.database.doorways.organization_by_slug(slug)
    if found is None:
        raise SystemExit(f"There is no organization {slug!r}.")
    return [found]


async def _rotate(here: Installation, organizations: list[UUID]) -> int:
    failed = 0
    # All new keys first: every process needs a few seconds to hear of them, and they need them together.
    versions = {organization_id: await begin(here, organization_id) for organization_id in organizations}
    for organization_id, version in versions.items():
        name, rows = await _about(here, organization_id)
        if version is None:
            print(f"{name}: {'its keys were destroyed' if rows else 'nothing is sealed yet'}.", flush=True)
            continue
        report = await finish(here, organization_id, version, SEALED_COLUMNS)
        async with here.database.transaction(organization_id) as tx:
            details = {"version": version, "values": report.values, "blobs": report.blobs}
            await audit.record(tx, Act.KEYS_ROTATED, details=details)
        print(f"{name}: key {version}; {report.values:,} values and {report.blobs:,} blobs sealed anew.", flush=True)
        for words in report.broken:
            print(f"  can't be opened, so older keys stay: {words}")
        failed += bool(report.broken)
    return 1 if failed else 0


async def _rotate_master(here: Installation) -> int:
    masters, organizations = here.keys.masters, await here.database.doorways.organizations()
    in_use = {row.master for one in organizations for row in (await _about(here, one))[1] if row.wrapped is not None}
    name = await masters.current().name()
    if in_use <= {name}:
        if not masters.in_file:
            print(f"Everything is wrapped by {name} already. Name a new master key first: see docs/operating.md.")
            return 0
        masters.put_first(ciphers.new_key(), keeping=in_use)
        name = await masters.current().name()
    done = 0
    for organization_id in organizations:
        anew = await here.keys.rewrap(organization_id)
        if anew:
            async with here.database.transaction(organization_id) as tx:
                await audit.record(tx, Act.MASTER_KEY_CHANGED, details={"master": name})
        done += anew
    print(f"{done:,} data keys are wrapped by {name} now. Back up the new master key; keep the old for old backups.")
    return 0


async def _rotate_tokens(here: Installation, *, at_once: bool) -> int:
    made = await apps.renew_token_keys(here, at_once=at_once)
    if at_once:
        print("New keys sign access tokens in ten seconds; from then on older tokens are refused, and apps renew them.")
        return 0
    signs, ends = (f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC" for at in (made.signs_from, made.others_end))
    print(f"New keys are in the key set now, and sign from {signs} on. The old ones count until {ends}.")
    return 0


async def _destroy(here: Installation, asked: argparse.Namespace) -> int:
    [organization_id] = await _organizations(here, asked.organization)
    async with here.database.reading(organization_id) as tx:
        organization = await people.this_organization(tx)
    words = NO_WAY_BACK.format(name=organization.name, slug=organization.slug)
    if (asked.confirm or await asyncio.to_thread(input, words)).strip() != organization.slug:
        print("That is not its short name. Nothing was destroyed.")
        return 1
    await destroy(here, organization_id)
    async with here.database.transaction(organization_id) as tx:
        await audit.record(tx, Act.KEYS_DESTROYED)
    print(f"The keys of {organization.name} are destroyed. Running processes know within five seconds.")
    return 0


async def _status(here: Installation) -> int:
    failed = 0
    print(f"The master key is {await here.keys.masters.current().name()}.")
    for organization_id in await here.database.doorways.organizations():
        name, rows = await _about(here, organization_id)
        words, is_well = await _standing(here, organization_id, rows)
        failed += not is_well
        print(f"{name:<24}{words}")
    print(f"Access tokens are signed with {await _token_key(here)}.")
    return 1 if failed else 0


async def _token_key(here: Installation) -> str:
    generations = await here.keys.token_secrets.known()
    words, now = apps.signing_key(here.signer, generations).id, clock.now().timestamp()
    if generations and generations[-1].signs_from > now:
        words += f", with new keys from {datetime.fromtimestamp(generations[-1].signs_from, UTC):%Y-%m-%d %H:%M} UTC on"
    return words


async def _standing(here: Installation, organization_id: UUID, rows: list[KeyRow]) -> tuple[str, bool]:
    if not rows:
        return "nothing is sealed yet", True
    newest = rows[-1]
    if newest.destroyed_at:
        return f"destroyed {newest.destroyed_at:%Y-%m-%d}", True
    words = f"key {newest.version} of {newest.created_at:%Y-%m-%d}, wrapped by {newest.master}"
    try:
        await here.keys.current(organization_id)
    except Problem as trouble:
        return f"{words}: CAN'T BE OPENED. {trouble.message}", False
    left = await left_over(here, organization_id, newest.version, SEALED_COLUMNS)
    older = [str(row.version) for row in rows[:-1] if not row.retired_at and not row.destroyed_at]
    if older or left or await here.keys.may_be_clear(organization_id):
        return f"{words}; UNFINISHED, {left:,} values left: run `parlour keys rotate`", True
    return words, True


async def _about(here: Installation, organization_id: UUID) -> tuple[str, list[KeyRow]]:
    async with here.database.reading(organization_id) as tx:
        return (await people.this_organization(tx)).slug, list((await key_rows(tx)).values())
