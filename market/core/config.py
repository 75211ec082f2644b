"""Settings: from arguments, then the environment, then defaults; and the installation's one secret."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from market.core import datadir
from market.core.datadir import OperatorError

LOG_LEVELS = ("debug", "info", "warning", "error")
SHORTEST_SECRET = 32


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How this installation runs.

    `database_url` None means the embedded server under `data_dir`. `secret_key` None means the key kept
    in `data_dir`. Read them with `from_environment`; tests make their own.
    """

    data_dir: Path = Path("var")
    database_url: str | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = field(
        default_factory=lambda: 2 * (os.cpu_count() or 2)
    )  # one waits while another computes
    threads: int = 16
    log_level: str = "info"
    engine_socket_path: Path | None = None
    requests_per_minute: int = 60_000  # of one client at one worker; 0: no limit, not of sign-ins either
    secret_key: str | None = field(default=None, repr=False)
    public_url: str | None = None  # what people reach this service by; None: whatever a request was sent to
    feed_port: int | None = None  # of the live feed; None: `karez up` takes the one after `port`
    feed_url: str | None = None  # what people reach the feed by; None: the host of a request, and feed_port
    feed_watchers: int = 2_000  # of the feed, all together
    feed_watchers_per_address: int = 100  # 0: no limit, for behind a proxy all have one address
    gateway_url: str | None = None  # of the payment provider; None: there is none
    gateway_key: str | None = field(default=None, repr=False)  # what we are known by there
    gateway_webhook_secrets: str = field(
        default="", repr=False
    )  # of incoming events; several, while one is rotated
    demonstration: bool = False  # everything here is made up: every page says so, codes are shown in the log
    idle_minutes: int = 7 * 24 * 60  # a participant's session that is not renewed for so long ends
    session_hours: int = 30 * 24  # the longest session of a participant
    bureau_idle_minutes: int = 60  # the same of a user of the bureau
    bureau_session_hours: int = 12
    totp_roles: str = (
        ""  # who signs in with one-time codes only: roles with spaces between, or "bureau" for all of it
    )
    test_database_url: str | None = None  # of the test county; None: there is none
    keys_url: str | None = None  # set in a test county: the database with the keys that open it
    clock_file: Path | None = None  # set in a test county: how far its clock runs ahead
    webhook_private: bool = False  # whether webhooks may go into our own network, and by http

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None, **arguments: Any) -> Settings:
        """Settings of this process; `arguments` that are not None go before the environment.

        Errors: OperatorError for a variable that cannot be read.
        """
        environment = os.environ if environment is None else environment
        values: dict[str, Any] = {}
        for name, (variable, read) in _VARIABLES.items():
            text = environment.get(variable, "")
            if text:
                values[name] = read(variable, text)
        values.update({name: value for name, value in arguments.items() if value is not None})
        return cls(**values)

    def environment(self) -> dict[str, str]:
        """The variables from which a child process reads these same settings."""
        values = {name: getattr(self, name) for name in _VARIABLES}
        values["engine_socket_path"] = self.engine_socket
        # What is not set is said too: the child inherits this process's variables.
        return {_VARIABLES[name][0]: "" if value is None else str(value) for name, value in values.items()}

    def of_test_county(self) -> Settings | None:
        """The settings of the test county's processes; None where there is none.

        Its secrets are others, so that nothing it signs is good here. It knows no payment provider, and its messages
        stay in the log: what it does reaches nobody. It gets a tenth of the requests and a fourth of the threads: what
        is tried out there holds nobody up here.
        """
        if self.test_database_url is None:
            return None
        return replace(
            self,
            database_url=self.test_database_url,
            test_database_url=None,
            keys_url=self.url(),
            clock_file=datadir.socket_dir(self.data_dir) / "test.clock",
            engine_socket_path=datadir.socket_dir(self.data_dir) / "test.sock",
            secret_key=self.secret("test county").hex(),
            demonstration=True,
            requests_per_minute=-(-self.requests_per_minute // 10),
            threads=max(self.threads // 4, 1),
            gateway_url=None,
            gateway_key=None,
            gateway_webhook_secrets="",
        )

    def url(self) -> str:
        """The database's URL. Errors: OperatorError while there is none."""
        if self.database_url is None:
            raise OperatorError("no database: start one with `karez up`, or set DATABASE_URL")
        return self.database_url

    @property
    def engine_socket(self) -> Path:
        """Where the engine listens."""
        return self.engine_socket_path or datadir.socket_dir(self.data_dir) / "engine.sock"

    def secret(self, purpose: str) -> bytes:
        """32 bytes for one purpose ("jwt", "csrf", "totp" ...), always the same in this installation.

        Derived (HMAC-SHA256) from KAREZ_SECRET_KEY or else from the key that the data directory keeps, so
        that what leaks of one purpose tells nothing of another.
        """
        key = self.secret_key.encode() if self.secret_key else _kept_key(self.data_dir)
        if len(key) < SHORTEST_SECRET:
            raise OperatorError(f"KAREZ_SECRET_KEY must have at least {SHORTEST_SECRET} characters")
        return hmac.new(key, b"karez:" + purpose.encode(), hashlib.sha256).digest()


def _text(_variable: str, text: str) -> str:
    return text


def _path(_variable: str, text: str) -> Path:
    return Path(text)


def _number(variable: str, text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise OperatorError(f"{variable} must be a whole number, not {text!r}")
    return int(text)


def _yes(variable: str, text: str) -> bool:
    found = {"true": True, "1": True, "false": False, "0": False}.get(text.lower())
    if found is None:
        raise OperatorError(f"{variable} must be true or false, not {text!r}")
    return found


def _some(variable: str, text: str) -> int:
    number = _number(variable, text)
    if number == 0:
        raise OperatorError(f"{variable} must be above zero")
    return number


def _address(variable: str, text: str) -> str:
    if not re.fullmatch(r"https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._/-]*)?", text):
        raise OperatorError(f"{variable} must be an address such as https://water.example.cn, not {text!r}")
    return text


def _level(variable: str, text: str) -> str:
    if text.lower() not in LOG_LEVELS:
        raise OperatorError(f"{variable} must be one of {', '.join(LOG_LEVELS)}, not {text!r}")
    return text.lower()


_VARIABLES: dict[str, tuple[str, Any]] = {
    "data_dir": ("KAREZ_DATA_DIR", _path),
    "database_url": ("DATABASE_URL", _text),
    "host": ("KAREZ_HOST", _text),
    "port": ("KAREZ_PORT", _number),
    "workers": ("KAREZ_WORKERS", _number),
    "threads": ("KAREZ_THREADS", _number),
    "log_level": ("KAREZ_LOG_LEVEL", _level),
    "engine_socket_path": ("KAREZ_ENGINE_SOCKET", _path),
    "requests_per_minute": ("KAREZ_REQUESTS_PER_MINUTE", _number),
    "secret_key": ("KAREZ_SECRET_KEY", _text),
    "public_url": ("KAREZ_PUBLIC_URL", _address),
    "feed_port": ("KAREZ_FEED_PORT", _number),
    "feed_url": ("KAREZ_FEED_URL", _address),
    "feed_watchers": ("KAREZ_FEED_WATCHERS", _number),
    "feed_watchers_per_address": ("KAREZ_FEED_WATCHERS_PER_ADDRESS", _number),
    "gateway_url": ("KAREZ_GATEWAY_URL", _address),
    "gateway_key": ("KAREZ_GATEWAY_KEY", _text),
    "gateway_webhook_secrets": ("KAREZ_GATEWAY_WEBHOOK_SECRETS", _text),
    "webhook_private": ("KAREZ_WEBHOOK_PRIVATE", _yes),
    "demonstration": ("KAREZ_DEMONSTRATION", _yes),
    "idle_minutes": ("KAREZ_IDLE_MINUTES", _some),
    "session_hours": ("KAREZ_SESSION_HOURS", _some),
    "bureau_idle_minutes": ("KAREZ_BUREAU_IDLE_MINUTES", _some),
    "bureau_session_hours": ("KAREZ_BUREAU_SESSION_HOURS", _some),
    "totp_roles": ("KAREZ_TOTP_ROLES", _text),
    "test_database_url": ("KAREZ_TEST_DATABASE_URL", _text),
    "keys_url": ("KAREZ_KEYS_URL", _text),
    "clock_file": ("KAREZ_CLOCK_FILE", _path),
}
if set(_VARIABLES) != {each.name for each in fields(Settings)}:
    raise AssertionError("every setting is read from one variable")


def _kept_key(data_dir: Path) -> bytes:
    """The key in the data directory; made, readable by its owner only, the first time."""
    path = data_dir / "secret.key"
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        new = data_dir / f".secret.{os.getpid()}.{secrets.token_hex(4)}"
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(new, path)  # not a rename: whoever comes second must find the first one's key
        except FileExistsError:
            pass
        finally:
            new.unlink()
    if path.stat().st_mode & 0o077:
        raise OperatorError(f"{path} can be read by others: give it mode 0600, and expect to replace it")
    return path.read_bytes().strip()
