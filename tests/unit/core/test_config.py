"""Settings and the installation's secret."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from market.core.config import Settings
from market.core.datadir import LONGEST_SOCKET_DIR, OperatorError, in_charge, short_dir, socket_dir


def test_an_argument_goes_before_the_environment_and_that_before_the_default() -> None:
    settings = Settings.from_environment({"KAREZ_PORT": "9000", "KAREZ_HOST": "::1"}, port=9001, host=None)
    assert (settings.port, settings.host, settings.threads) == (9001, "::1", 16)


@pytest.mark.parametrize(
    "variable",
    [("KAREZ_PORT", "x"), ("KAREZ_PORT", "-1"), ("KAREZ_LOG_LEVEL", "loud"), ("KAREZ_PUBLIC_URL", "x")],
)
def test_a_variable_that_cannot_be_read_is_refused_by_name(variable: tuple[str, str]) -> None:
    with pytest.raises(OperatorError, match=variable[0]):
        Settings.from_environment(dict([variable]))


def test_a_child_process_reads_the_same_settings(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_url="postgresql://x/y", secret_key="k" * 32, port=1)
    child = Settings.from_environment(settings.environment())
    assert (child.url(), child.port, child.engine_socket) == (settings.url(), 1, settings.engine_socket)
    assert child.secret("jwt") == settings.secret("jwt")


def test_the_secret_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    first, second = Settings(data_dir=tmp_path), Settings(data_dir=tmp_path)
    assert first.secret("jwt") == second.secret("jwt") != first.secret("csrf")
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600
    assert first.secret("jwt") != Settings(data_dir=tmp_path / "other").secret("jwt")


def test_a_secret_that_others_can_read_is_refused(tmp_path: Path) -> None:
    Settings(data_dir=tmp_path).secret("jwt")
    (tmp_path / "secret.key").chmod(0o644)
    with pytest.raises(OperatorError, match="0600"):
        Settings(data_dir=tmp_path).secret("jwt")


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(OperatorError, match="32 characters"):
        Settings(secret_key="guessable").secret("jwt")


def test_the_secret_is_not_shown() -> None:
    assert "kkkk" not in repr(Settings(secret_key="k" * 32))


def test_a_data_directory_has_one_process_in_charge(tmp_path: Path) -> None:
    refused = pytest.raises(OperatorError, match="in use by `karez up`, process")
    with in_charge(tmp_path, "karez up"), refused, in_charge(tmp_path, "pytest"):
        pass
    with in_charge(tmp_path, "pytest"):
        pass


def test_sockets_of_a_long_path_lie_in_a_short_one(tmp_path: Path) -> None:
    assert socket_dir(Path("/srv/karez")) == Path("/srv/karez/run")
    far = tmp_path / ("x" * LONGEST_SOCKET_DIR)
    short = short_dir(far, name="test", owner=tmp_path.stat().st_uid)
    assert len(str(short)) <= LONGEST_SOCKET_DIR
    assert stat.S_IMODE(short.stat().st_mode) == 0o700
    short.rmdir()
