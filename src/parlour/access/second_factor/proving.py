"""The answer to "your code, please": of the app, or a backup code."""

from parlour.access import attempts
from parlour.access.arriving import Prove
from parlour.access.proofs import Identity, Method, Proof, proof
from parlour.access.second_factor import backup_codes, enrolment, totp
from parlour.access.second_factor.totp import WrongCode
from parlour.foundation.installation import Installation


def by_code(code: str) -> Prove:
    """The one or the other, as it looks. Raises `WrongCode` or `TooManyRequests`."""

    async def prove(installation: Installation, identity: Identity) -> Proof:
        async with attempts.counted(installation, attempts.codes_of(identity)):
            async with installation.database.transaction(identity.organization_id) as tx:
                if await totp.spend(tx, installation.sealer, identity.user_id, code):
                    return proof(Method.TOTP)
                if await backup_codes.spend(tx, installation.signer, identity.user_id, code):
                    return proof(Method.BACKUP_CODE)
            raise WrongCode(details={"code": WrongCode.__doc__})

    return prove


def by_setting_up(code: str, shown: list[str]) -> Prove:
    """The first code of an app that is being set up; `shown` is filled with the backup codes, to be told once."""

    async def prove(installation: Installation, identity: Identity) -> Proof:
        async with (
            attempts.counted(installation, attempts.codes_of(identity)),
            installation.database.transaction(identity.organization_id) as tx,
        ):
            shown.extend(await enrolment.confirm_enrolment(tx, installation, identity.user_id, code))
        return proof(Method.TOTP)

    return prove
