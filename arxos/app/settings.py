"""Everything that the environment decides: `ARXOS_…`, read once at start."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from arxos.domain.address_policy import parse_networks
from arxos.domain.errors import InvalidError
from arxos.domain.jobs.signatures import parse_keys
from arxos.outside.watched import parse_certificates, parse_services
from arxos.storage.redis_address import parse_address


def _one_of(*schemes: str) -> AfterValidator:
    def check(url: str) -> str:
        if not url.startswith(tuple(f"{scheme}://" for scheme in schemes)):
            raise ValueError(f"must start with {' or '.join(f'{scheme}://' for scheme in schemes)}")
        return url

    return AfterValidator(check)


def _a_redis(url: str) -> str:
    parse_address(url)
    return url


def _networks(listed: str) -> str:
    parse_networks(listed)
    return listed


def parse_kinds(listed: str) -> list[str]:
    """Patterns of kinds, such as ``building.*``, from a list with commas. Raises ValueError naming one that is none."""
    patterns = [one for one in map(str.strip, listed.split(",")) if one]
    for one in patterns:
        if not KINDS.fullmatch(one):
            raise ValueError(f"{one!r} is no kind, such as building.validate, and no pattern, such as building.*")
    return patterns


def _kinds(listed: str) -> str:
    parse_kinds(listed)
    return listed


def _keys(listed: SecretStr) -> SecretStr:
    parse_keys(listed.get_secret_value())
    return listed


def _services(listed: SecretStr) -> SecretStr:
    parse_services(listed.get_secret_value())
    return listed


def _certificates(listed: str) -> str:
    parse_certificates(listed)
    return listed


def _users(listed: SecretStr) -> SecretStr:
    parse_users(listed.get_secret_value())
    return listed


def parse_users(listed: str) -> dict[str, str]:
    """``name:password,…``. Raises ValueError, never with a password in it."""
    users = {}
    for number, one in enumerate(filter(None, map(str.strip, listed.split(","))), 1):
        name, _, password = one.partition(":")
        if not name or len(password) < SHORTEST_PASSWORD:
            raise ValueError(f"user {number}: needs name:password, with {SHORTEST_PASSWORD} characters at least")
        users[name] = password
    return users


def _long_enough(secret: SecretStr) -> SecretStr:
    if len(secret.get_secret_value().encode()) < 32:
        raise ValueError("must have at least 32 bytes")
    return secret


SHORTEST_PASSWORD = 12  # characters
NOWHERE = {  # in place of wrong addresses
    "database_url": "postgresql://",
    "broker_url": "redis://127.0.0.1:1",
    "cache_url": "redis://127.0.0.1:1",
    "blob_url": "file:///dev/null",
}
SECRETS = (
    "database_url",
    "database_owner_url",
    "broker_url",
    "cache_url",
    "jwt_secret",
    "webhook_secret",
    "ingress_keys",
    "watch_services",
    "flower_users",
)  # each may be in a file: ARXOS_…_FILE
KINDS = re.compile(r"[a-z_][a-z0-9_]*(\.([a-z0-9_]+|\*))*|\*")
RedisUrl = Annotated[str, AfterValidator(_a_redis)]


class Settings(BaseSettings):
    """The system's settings. Addresses may hold passwords, so none of them is ever printed."""

    model_config = SettingsConfigDict(env_prefix="ARXOS_", frozen=True, extra="ignore")

    database_url: Annotated[str, _one_of("postgresql")] = Field(repr=False)
    # Who owns the schema, for `arxos migrate` alone. Empty: whom `database_url` names.
    database_owner_url: Annotated[str, _one_of("postgresql")] = Field(repr=False, default="", validate_default=False)
    broker_url: RedisUrl = Field(repr=False)
    # Empty: the broker's. The default is not held against the schemes, which "" would not fit.
    cache_url: RedisUrl = Field(repr=False, default="", validate_default=False)
    blob_url: Annotated[str, _one_of("file", "s3")] = Field(repr=False)
    jwt_secret: SecretStr | None = None
    jwks_url: str = Field(default="", pattern=r"^(https?://.+)?$")  # keys of others whose tokens are believed
    jwt_audience: str = ""  # tokens must be for this one; empty: for anybody
    jwt_skew_s: float = Field(default=30.0, ge=0, le=300)  # by how much the clock of whoever issues tokens may be wrong
    jwks_refresh_s: float = Field(default=10.0, ge=1, le=3600)  # how long a key that is published no more is believed
    jwks_stale_s: float = Field(default=3600.0, ge=1, le=7 * 86_400)  # the same while the server of the keys is away
    token_life_max_s: int = Field(default=30 * 86_400, ge=60, le=366 * 86_400)  # no token is good for longer
    refresh_life_max_s: int = Field(default=90 * 86_400, ge=60, le=366 * 86_400)  # nor a family of refresh tokens
    console_origins: str = ""  # where the console is seen, as https://console.example; empty: where it is asked for
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console"] = "json"
    probes: bool = False

    answers_mb: int = Field(default=64, ge=1, le=100_000)  # what the HTTP interface keeps in memory
    requests_per_s: int = Field(default=20_000, ge=1)  # of one caller, over all processes of the HTTP interface
    address_requests_per_s: int = Field(default=20_000, ge=1)  # from one address, over all processes
    failures_per_minute: int = Field(default=600, ge=1)  # wrong tokens from one address, over all processes
    requests_at_once: int = Field(default=512, ge=1)  # of one caller, and from one address, in each process
    streams_at_once: int = Field(default=100, ge=1)  # of events: of one caller, and to one address, in each process
    stream_s: float = Field(default=300.0, ge=1, le=86_400)  # then a stream ends, and its reader comes again
    uploads_at_once: int = Field(default=4, ge=1)  # of one caller, and from one address, in each process
    connections: int = Field(default=10_000, ge=64)  # that each process of the HTTP interface holds open
    connections_per_address: int = Field(default=1_000, ge=1)  # in each process
    body_s: float = Field(default=60.0, ge=1, le=3600)  # to send a request's body
    upload_kib_per_s: int = Field(default=16, ge=1)  # how fast a model's bytes must come after the first `body_s`
    api_processes: int = Field(default=1, ge=1)  # how many processes `arxos api` has started: it says so itself
    body_limit_mb: int = Field(default=32, ge=1, le=1024)  # the largest request, but for a model's bytes
    cors_origins: str = ""  # pages elsewhere that may call, separated by commas
    api_https: bool = False  # whether clients come by https: cookies and headers say so
    trusted_proxies: Annotated[str, AfterValidator(_networks)] = ""  # whose X-Forwarded-For is believed
    # What plain Celery producers may ask for; it allows nothing that a kind does not.
    ingress_kinds: Annotated[str, AfterValidator(_kinds)] = "building.*,probe.*"
    ingress_keys: Annotated[SecretStr, AfterValidator(_keys)] = SecretStr("")  # name:secret,…: then messages are signed
    flower_users: Annotated[SecretStr, AfterValidator(_users)] = SecretStr("")  # name:password,…: who looks at Flower
    flower_user_header: str = Field(
        default="", pattern=r"^[A-Za-z0-9-]*$"
    )  # where a trusted proxy names whom it let in
    webhook_secret: Annotated[SecretStr, AfterValidator(_long_enough)] | None = None  # signs webhooks
    webhook_allow: Annotated[str, AfterValidator(_networks)] = ""  # networks not public that webhooks may lead to
    watch_services: Annotated[SecretStr, AfterValidator(_services)] = SecretStr("")  # name=https://…,…
    watch_certificates: Annotated[str, AfterValidator(_certificates)] = ""  # name=host:port,name=/path.pem
    metrics_allow: Annotated[str, AfterValidator(_networks)] = "127.0.0.0/8,::1"  # who reads /metrics without a token

    model_limit_mb: int = Field(default=1024, ge=1, le=100_000)  # the largest model file that is taken in
    job_memory_mb: int | None = Field(default=None, ge=64)  # no job may use more; None: by memory and slots
    heartbeat_s: float = Field(default=2.0, gt=0, le=60)
    lease_s: float = Field(default=10.0, gt=0, le=3600)
    republish_s: float = Field(default=10.0, gt=0, le=3600)
    queue_depth: int = Field(default=8, ge=1, le=10_000)  # messages that the relay keeps in each Redis queue
    backlog_limit: int = Field(default=1_000_000, ge=1)  # due jobs in a queue, from which on submissions are refused
    drain_s: float = Field(default=25.0, ge=0, le=3600)  # how long a stopping worker lets jobs finish
    cancel_grace_s: float = Field(default=10.0, ge=0, le=3600)  # how long a body may take to stop once it was told
    undo_s: float = Field(default=600.0, ge=0, le=7 * 86_400)  # for how long bulk acts on dead letters can be undone
    long_transaction_s: float = Field(default=300.0, gt=0)  # a transaction open for longer is told of

    @property
    def flower_passwords(self) -> dict[str, str]:
        """Name → password of those who may look at Flower."""
        return parse_users(self.flower_users.get_secret_value())


def read_settings() -> Settings:
    """The settings of this process. Raises InvalidError with one line that names each wrong variable."""
    settings, wrong = usable_settings()
    if wrong:
        raise InvalidError("; ".join(wrong.values()))
    return settings


def usable_settings() -> tuple[Settings, Mapping[str, str]]:
    """The settings with defaults in place of what is wrong, and what that is: in one line for each field.

    An address that is wrong leads nowhere then: whoever goes on with it leaves it alone.
    """
    given, unreadable = _from_files()
    try:
        settings, wrong = Settings(**given), dict[str, str]()  # type: ignore[arg-type]  # the environment gives others
    except ValidationError as error:
        wrong = _wrong(error)
        defaults = {name: NOWHERE.get(name, Settings.model_fields[name].default) for name in wrong}
        settings = Settings(**{**given, **defaults})
    wrong |= unreadable
    if settings.lease_s < 3 * settings.heartbeat_s:
        wrong["lease_s"] = "ARXOS_LEASE_S: must be at least three times ARXOS_HEARTBEAT_S"
    if "cache_url" not in wrong and not settings.cache_url:
        settings = settings.model_copy(update={"cache_url": settings.broker_url})
    return settings, wrong


def _from_files() -> tuple[dict[str, str], dict[str, str]]:
    """The secrets that ARXOS_…_FILE names files of, and which of these cannot be read."""
    given: dict[str, str] = {}
    unreadable: dict[str, str] = {}
    for name in SECRETS:
        variable = f"ARXOS_{name.upper()}_FILE"
        if path := os.environ.get(variable):
            try:
                given[name] = Path(path).read_text().strip()
            except (OSError, ValueError) as error:
                unreadable[name] = f"{variable}: cannot be read: {getattr(error, 'strerror', None) or 'no text'}"
    return given, unreadable


def _wrong(error: ValidationError) -> dict[str, str]:
    """Field → the variable and what is wrong with it, never its value."""
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    return {str(p["loc"][0]): f"ARXOS_{'_'.join(map(str, p['loc'])).upper()}: {p['msg'].lower()}" for p in problems}
