"""The port for short messages to telephones. A county brings its own carrier; the default only writes a log."""

from __future__ import annotations

from typing import Protocol

import structlog

from market.core.config import Settings

log = structlog.get_logger("messages")


class Messages(Protocol):
    """Sends short messages; may take its time, and raises what it likes: whoever sends expects nothing of it."""

    def send(self, phone: str, words: str) -> None:
        """Sends words to a telephone number."""
        ...


class LogOnly:
    """Sends nothing and says so. The words are shown in a demonstration only, where nobody has a telephone."""

    def __init__(self, settings: Settings) -> None:
        self._shows = settings.demonstration

    def send(self, phone: str, words: str) -> None:
        """Writes a line in the log, with the number's last two digits."""
        log.info("message.not_sent", to=f"**{phone[-2:]}", words=words if self._shows else None)


def code_words(code: str, minutes: int) -> str:
    """A code as it is sent: both languages in one message."""
    return (
        f"【坎儿井水权】验证码 {code}，{minutes} 分钟内有效，请勿告诉任何人。"
        f" Your code is {code}, good for {minutes} minutes. Tell it to nobody."
    )
