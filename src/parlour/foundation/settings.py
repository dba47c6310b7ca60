"""Every knob of an installation. `docs/operating.md` explains each; a law compares the two."""

import json
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

Switch = Literal["on", "off"]


class Settings(BaseSettings):
    """Read from the environment: `PARLOUR_` and the name in capitals."""

    model_config = SettingsConfigDict(env_prefix="PARLOUR_", populate_by_name=True, frozen=True)

    data: Path = Path(".parlour")
    host: str = "127.0.0.1"
    port: int = 8000
    smtp_host: str = "127.0.0.1"
    smtp_port: int = 2525
    base_url: str = ""
    files_url: str = ""
    development: bool = False
    secret_key: str = ""
    master_key: str = ""
    kms: str = ""
    key_store: str = ""
    log_format: Literal["console", "json"] = "console"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    metrics_token: str = ""

    database_url: str = Field("", validation_alias=AliasChoices("database_url", "DATABASE_URL"))
    owner_database_url: str = Field("", validation_alias=AliasChoices("owner_database_url", "OWNER_DATABASE_URL"))
    redis_url: str = Field("", validation_alias=AliasChoices("redis_url", "REDIS_URL"))
    blob_url: str = ""
    pool_size: int = 16

    smtp_url: str = ""
    mail_from: str = ""
    mail_send_seconds: float = 60.0
    mail_dns: str = "system"
    mail_spf: str = ""
    mail_exchanger: str = ""
    mail_sender_limit: str = "100/10 minutes"
    spam_filter_url: str = ""
    virus_scanner_url: str = ""
    mail_scan_seconds: float = 8.0
    mail_size_limit: int = 35 * 1024 * 1024
    private_hosts: Literal["allow", "refuse"] = "refuse"
    mail_ca_file: str = ""
    imap_poll_seconds: float = 15.0
    imap_retry_seconds: float = 2.0
    google_token_url: str = "https://oauth2.googleapis.com/token"
    microsoft_token_url: str = "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token"
    upload_size_limit: int = 25 * 1024 * 1024
    body_size_limit: int = 1024 * 1024
    request_seconds: float = 60.0
    statement_seconds: float = 30.0

    trusted_proxies: str = ""
    proxy_header: Literal["x-forwarded-for", "forwarded"] = "x-forwarded-for"
    rate_limits: Switch = "on"
    sign_in_limit: str = "5/minute"
    refusal_seconds: float = Field(default=1.0, ge=0, le=10)
    ticket_limit: str = "10/minute"
    api_limit: str = "100/minute"
    scim_limit: str = "1500/minute"
    socket_limit: str = "1000/minute"

    session_days: int = 14
    session_longest_days: int = 90
    confirm_minutes: int = 15
    access_token_minutes: int = Field(default=10, ge=1, le=60)
    erase_after_days: int = Field(default=14, ge=1, le=365)
    worker_concurrency: int = 8
    sending_concurrency: int = 8
    worker_heartbeat: float = 2.0
    worker_stalled_after: float = 10.0

    @property
    def public_url(self) -> str:
        """Where people reach this installation, without a slash at its end."""
        return (self.base_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def files_origin(self) -> str:
        """Where files are given out, without a slash at its end. Empty: where everything is."""
        return self.files_url.rstrip("/")

    @property
    def files_host(self) -> str:
        return self.files_origin.partition("://")[2]


def load(**overrides: Any) -> Settings:
    """The environment's settings, completed from the data folder: its connections and its secret key.

    Raises `SystemExit` with a sentence where no database is known.
    """
    settings = Settings(**overrides)
    found = _connections(settings.data)
    missing = {name: found[name] for name in found if not getattr(settings, name, "")}
    if not settings.secret_key:
        missing["secret_key"] = _secret_key(settings.data)
    settings = settings.model_copy(update=missing)
    if not settings.database_url:
        raise SystemExit(
            "No database is known. Start one with `parlour up`, name its folder with --data, or set DATABASE_URL."
        )
    if not settings.redis_url:
        raise SystemExit("No Valkey or Redis is known. Set REDIS_URL, or start `parlour up`.")
    _check_files_url(settings)
    return settings


def _check_files_url(settings: Settings) -> None:
    own, other = urlsplit(settings.public_url), urlsplit(settings.files_url)
    if not settings.files_url:
        return
    if other.scheme not in ("http", "https") or not other.hostname or other.path.strip("/") or other.query:
        raise SystemExit("PARLOUR_FILES_URL is a scheme and a host, as in https://acme-content.com.")
    if other.hostname == own.hostname:
        # A cookie knows no port: what strangers sent would lie where people are signed in.
        raise SystemExit("PARLOUR_FILES_URL needs a host of its own, best on another site than PARLOUR_BASE_URL.")


def _connections(data: Path) -> dict[str, str]:
    # Written by the supervisor for the servers it runs itself, mode 0600.
    file = data / "connections.json"
    if not file.exists():
        return {}
    known = json.loads(file.read_text())
    return {name: known[name] for name in ("database_url", "owner_database_url", "redis_url") if name in known}


def _secret_key(data: Path) -> str:
    file = data / "secret"
    if not file.exists():
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = data / f"secret.{secrets.token_hex(4)}"
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(48))
        # A link, unlike a rename, fails when another process was first: all agree on one key.
        with suppress(FileExistsError):
            file.hardlink_to(draft)
        draft.unlink()
    return file.read_text()
