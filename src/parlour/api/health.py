"""Whether this installation is well: for load balancers, and for Prometheus."""

import hmac
from typing import Final, Literal
from uuid import UUID

import msgspec
import prometheus_client
import psycopg
from litestar import get
from litestar.response.base import ASGIResponse
from prometheus_client import Counter, Gauge, Histogram

from parlour.api import shapes
from parlour.api.operations import Answer, operation
from parlour.entrance import PUBLIC, Request, public
from parlour.foundation import cache
from parlour.foundation.errors import Unauthenticated, Unavailable
from parlour.foundation.installation import Installation

State = Literal["healthy", "unhealthy"]

_REQUESTS: Final = Counter("parlour_requests", "Requests answered.", ["method", "route", "status"])
_SECONDS: Final = Histogram(
    "parlour_request_seconds",
    "Time to answer.",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
_JOBS: Final = Gauge("parlour_jobs", "Jobs in the queue, by what they wait for.", ["status"])
_CONNECTIONS: Final = Gauge("parlour_database_connections", "Connections of this process's pool.", ["state"])


class Health(shapes.Shape, frozen=True):
    """How this installation is, and each thing it needs."""

    status: State
    checks: dict[str, State]


@operation("GET /health", PUBLIC, uncounted=True, when_unwell=Health)
async def read_health(request: Request) -> Answer[Health]:
    """Is this installation well?

    503 when a check fails.
    """
    checks = await _checks(request.installation)
    status: State = "healthy" if all(state == "healthy" for state in checks.values()) else "unhealthy"
    headers = {"cache-control": "no-store"}
    return Answer(Health(status, checks), headers, 200 if status == "healthy" else 503)


@get("/metrics", opt=public())
async def metrics(request: Request) -> ASGIResponse:
    """In the format of Prometheus; with `metrics_token`, for those that bring it as a bearer token (RFC 6750)."""
    secret = request.installation.settings.metrics_token
    brought = request.headers.get("authorization", "").removeprefix("Bearer ")
    if secret and not hmac.compare_digest(brought.encode(), secret.encode()):
        raise Unauthenticated()
    await _measure(request.installation)
    return ASGIResponse(body=prometheus_client.generate_latest(), media_type=prometheus_client.CONTENT_TYPE_LATEST)


def watch(method: str, route: str, status: int, seconds: float) -> None:
    """Count an answer."""
    route = route or "other"
    _REQUESTS.labels(method, route, status).inc()
    _SECONDS.labels(route).observe(seconds)


async def _checks(installation: Installation) -> dict[str, State]:
    worker_is_alive = await _worker_is_alive(installation)
    found = {
        "database": worker_is_alive is not None,
        "redis": await cache.is_reachable(installation.cache),
        # Mail comes in and goes out through a worker: whoever works also listens.
        "email": bool(worker_is_alive),
    }
    return {name: "healthy" if well else "unhealthy" for name, well in found.items()}


async def _worker_is_alive(installation: Installation) -> bool | None:
    """None where the database itself does not answer."""
    try:
        async with installation.database.reading(_NO_ORGANIZATION) as tx:
            return bool(await tx.value(_ALIVE, seconds=installation.settings.worker_stalled_after))
    except (Unavailable, psycopg.Error):
        return None


async def _measure(installation: Installation) -> None:
    figures = installation.database.pool_figures()
    for state in ("pool_size", "pool_available", "requests_waiting"):
        _CONNECTIONS.labels(state).set(figures.get(state, 0))
    async with installation.database.reading(_NO_ORGANIZATION) as tx:
        waiting = {each.status: each.jobs for each in await tx.all(_Waiting, _COUNT_JOBS)}
    for status in ("todo", "doing", "failed"):
        _JOBS.labels(status).set(waiting.get(status, 0))


class _Waiting(msgspec.Struct):
    status: str
    jobs: int


# The queue's tables belong to no organization.
_NO_ORGANIZATION: Final = UUID(int=0)
_ALIVE: Final = """
    select exists (
        select 1 from procrastinate_workers
        where last_heartbeat > now() - make_interval(secs => %(seconds)s)
    )
"""
_COUNT_JOBS: Final = """
    select status, jobs from doorway_count_jobs()
"""
