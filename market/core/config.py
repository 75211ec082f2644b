"""Settings: from arguments, then the environment, then defaults; and the installation's one secret."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
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
    demonstration: bool = False  # everything here is made up, and every page says so

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
        return {_VARIABLES[name][0]: str(value) for name, value in values.items() if value is not None}

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
    if text.lower() not in ("true", "false"):
        raise OperatorError(f"{variable} must be true or false, not {text!r}")
    return text.lower() == "true"


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
    "demonstration": ("KAREZ_DEMONSTRATION", _yes),
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
