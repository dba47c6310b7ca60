"""Schemathesis against the whole OpenAPI document: no 500, no undeclared answer, nothing wrong taken for right."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.builders import Company
from tests.doors.conftest import token_of

NOT_ASKED = ",".join(
    (
        # A request may be right by its schema and still name nobody, say nothing, or come at the wrong time.
        "positive_data_acceptance",
    )
)

WORDS = "/(signatures|templates|automatic-mails|previews)"

CONFIGURATION = """
[checks]
negative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 409, 412, 413, 415, 416, 422]
"""


@pytest_asyncio.fixture(loop_scope="session")
async def furnished(acme: Company) -> AsyncIterator[Company]:
    """An organization with something to find behind every address, and a worker that health takes for alive."""
    for index in range(3):
        await acme.ticket(f"Ticket {index}", tags=["vip"], assignee_id=acme.alice.user_id)
    async with acme.database.transaction(acme.organization_id) as tx:
        await tx.run("insert into procrastinate_workers (last_heartbeat) values (now() + interval '1 hour')")
    yield acme
    async with acme.database.transaction(acme.organization_id) as tx:
        await tx.run("delete from procrastinate_workers")


async def test_the_document_tells_the_truth_of_every_operation(
    furnished: Company, processes: list[str], tmp_path: Path
) -> None:
    # Once its token is revoked a client learns nothing more, so that operation is tried apart.
    others = ("--exclude-operation-id", "revoke_token", "--exclude-path-regex", WORDS)
    await _run(furnished, processes[0], tmp_path, *others)
    await _run(furnished, processes[0], tmp_path, "--include-operation-id", "revoke_token")


async def test_the_document_tells_the_truth_of_signatures_templates_and_automatic_mails(
    furnished: Company, processes: list[str], tmp_path: Path
) -> None:
    await _run(furnished, processes[1], tmp_path, "--include-path-regex", WORDS)


async def test_the_operations_of_a_ticket_hold_on_one_that_exists(
    furnished: Company, processes: list[str], tmp_path: Path
) -> None:
    (tmp_path / "schemathesis.toml").write_text(f"{CONFIGURATION}\n[parameters]\nreference = 2\n")
    await _run(furnished, processes[1], tmp_path, "--include-path-regex", "/tickets/", "--phases", "fuzzing")


async def _run(company: Company, address: str, folder: Path, *more: str) -> None:
    """Fails with what Schemathesis complains of."""
    if not (folder / "schemathesis.toml").exists():
        (folder / "schemathesis.toml").write_text(CONFIGURATION)
    phases = [] if "--phases" in more else ["--phases", "examples,coverage,fuzzing"]
    words = [
        *("run", f"{address}/api/openapi.json", "--url", address, "--no-color"),
        *("--header", f"Authorization: Bearer {await token_of(company, company.alice)}"),
        *("--mode", "all", "--max-examples", "12", "--checks", "all", "--exclude-checks", NOT_ASKED),
        *("--continue-on-failure", "--generation-deterministic", "--request-timeout", "20", *phases, *more),
    ]
    schemathesis = Path(sys.executable).with_name("schemathesis")
    run = await asyncio.create_subprocess_exec(
        schemathesis, *words, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await run.communicate()
    if run.returncode != 0:
        pytest.fail(said.decode(errors="replace"))
