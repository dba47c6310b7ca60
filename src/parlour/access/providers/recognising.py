"""Who it is here that a provider vouches for: known by their subject, found by a verified address, or new."""

from uuid import UUID

from parlour import audit, people
from parlour.access.proofs import Identity, Method, proof
from parlour.access.providers import claiming, groups
from parlour.access.providers.keeping import Provider
from parlour.access.providers.shown import NotVouchedFor, Shown
from parlour.audit import Act
from parlour.foundation import clock
from parlour.foundation.database import Transaction
from parlour.people import NewUser, Role, User, UserStatus


async def identity_of(tx: Transaction, provider: Provider, shown: Shown) -> tuple[Identity, User]:
    """With what the provider has shown. Raises `NotVouchedFor`; then nothing has changed."""
    user = await _known(tx, provider, shown) or await _found_or_made(tx, provider, shown)
    user = await groups.apply(tx, provider, user, shown.groups)
    methods = [Method.PROVIDER]
    if provider.counts_as_second_factor and shown.has_second_factor:
        methods.append(Method.PROVIDER_SECOND_FACTOR)
    return Identity(tx.organization_id, user.id, tuple(proof(method) for method in methods)), user


async def connect(tx: Transaction, provider: Provider, user_id: UUID, shown: Shown) -> None:
    """Somebody who is signed in: from now on this account there opens theirs here. Raises `NotVouchedFor`."""
    known = await _user_of(tx, provider, shown.subject)
    if known == user_id:
        return
    if known:
        raise NotVouchedFor("That account belongs to somebody else here.", "connected with another person")
    await _remember(tx, provider, await people.find_user(tx, user_id), shown)


async def connected(tx: Transaction, user_id: UUID) -> set[UUID]:
    """The providers that open somebody's account."""
    return set(
        await tx.values("select provider_id from provider_subjects where user_id = %(user_id)s", user_id=user_id)
    )


async def disconnect(tx: Transaction, provider: Provider, user_id: UUID) -> None:
    """What is known of them there opens nothing any more; a verified address may, once, as before."""
    removed = await tx.values(
        """
        delete from provider_subjects where provider_id = %(provider)s and user_id = %(user_id)s returning subject
        """,
        provider=provider.id,
        user_id=user_id,
    )
    if removed:
        user = await people.find_user(tx, user_id)
        await audit.record(
            tx, Act.PROVIDER_DISCONNECTED, on=people.subject_of(user), details={"provider": provider.name}
        )


async def _known(tx: Transaction, provider: Provider, shown: Shown) -> User | None:
    user_id = await _user_of(tx, provider, shown.subject)
    if user_id is None:
        return None
    user = await people.find_user(tx, user_id)
    await _check(tx, provider, user, shown)
    await tx.run(
        "update provider_subjects set used_at = %(now)s where provider_id = %(provider)s and subject = %(subject)s",
        now=clock.now(),
        provider=provider.id,
        subject=shown.subject,
    )
    return user


async def _found_or_made(tx: Transaction, provider: Provider, shown: Shown) -> User:
    if not shown.email:
        raise NotVouchedFor(
            "The provider has not verified your e-mail address, so nobody here can be found by it.",
            "no verified address",
        )
    if not await claiming.may_vouch_for(tx, shown.email):
        raise NotVouchedFor(
            "This organization does not let you in with that address. Ask an administrator.", "domain not claimed"
        )
    user = await people.user_by_email(tx, shown.email)
    if user:
        await _check(tx, provider, user, shown)
        # The provider has verified that they read mail there.
        await tx.run("update users set unconfirmed_since = null where id = %(id)s", id=user.id)
    else:
        user = await _made(tx, provider, shown)
    await _remember(tx, provider, user, shown)
    return user


async def _check(tx: Transaction, provider: Provider, user: User, shown: Shown) -> None:
    if user.status is not UserStatus.ACTIVE:
        raise NotVouchedFor("Your account here is not active. Ask an administrator.", "inactive")
    await _role(tx, provider, shown, user.role)


async def _made(tx: Transaction, provider: Provider, shown: Shown) -> User:
    role = await _role(tx, provider, shown, None)
    name = (shown.name or shown.email.split("@")[0])[:200]
    return await people.add_user(tx, NewUser(name, shown.email, role))


async def _role(tx: Transaction, provider: Provider, shown: Shown, before: Role | None) -> Role:
    rules = await groups.rules_of(tx, provider.id)
    by_groups = any(rule.role for rule in rules)
    role = groups.role_for(provider, rules, shown.groups) if by_groups else before or provider.newcomers_are
    if role is None and by_groups:
        raise NotVouchedFor("You are in none of the groups that may sign in here.", "in no group")
    if role is None:
        raise NotVouchedFor("Nobody here has your address. Ask an administrator to add you.", "nobody of that address")
    return role


async def _user_of(tx: Transaction, provider: Provider, subject: str) -> UUID | None:
    found: UUID | None = await tx.value(
        "select user_id from provider_subjects where provider_id = %(provider)s and subject = %(subject)s",
        provider=provider.id,
        subject=subject,
    )
    return found


async def _remember(tx: Transaction, provider: Provider, user: User, shown: Shown) -> None:
    await tx.run(
        """
        insert into provider_subjects
            (organization_id, provider_id, subject, user_id, created_at, used_at)
        values (current_organization(), %(provider)s, %(subject)s, %(user_id)s, %(now)s, %(now)s)
        """,
        provider=provider.id,
        subject=shown.subject,
        user_id=user.id,
        now=clock.now(),
    )
    details = {"provider": provider.name}
    await audit.record(tx, Act.PROVIDER_CONNECTED, on=people.subject_of(user), details=details)
