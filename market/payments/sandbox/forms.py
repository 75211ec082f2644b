"""Forms in the way of Stripe (a[b]=c, a[0]=d), what is wrong with one, and how errors are answered."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any
from urllib.parse import parse_qsl

_STEP = re.compile(r"\[([^\[\]]*)\]")
LARGEST_AMOUNT = 99_999_999


class ApiError(Exception):
    """What a request is answered with instead."""

    def __init__(
        self, status: int, code: str | None, message: str, *, kind: str = "invalid_request_error", **more: Any
    ) -> None:
        super().__init__(message)
        self.status = status
        named = {"code": code} if code is not None else {}
        self.body = {"error": {"type": kind, "message": message, **named, **more}}


def missing(kind: str, number: str) -> ApiError:
    """There is no such object."""
    return ApiError(404, "resource_missing", f"No such {kind}: '{number}'", param="id")


def parsed(text: str) -> dict[str, Any]:
    """A form as nested dictionaries; lists stay dictionaries of their positions until `listed`."""
    found: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        head, *_ = name.split("[", 1)
        steps = [head, *_STEP.findall(name)]
        place = found
        for step in steps[:-1]:
            inner = place.setdefault(step, {})
            if not isinstance(inner, dict):
                raise ApiError(400, "parameter_unknown", f"Invalid parameter: {name}", param=name)
            place = inner
        last = steps[-1] or str(len(place))  # a[]=b appends
        place[last] = value
    return found


def listed(value: Any) -> list[str]:
    """The texts of a list in a form."""
    if isinstance(value, dict):
        return [str(value[each]) for each in sorted(value, key=lambda name: (len(name), name))]
    return [] if value is None else [str(value)]


def known_only(form: dict[str, Any], names: Collection[str]) -> None:
    """Refuses a parameter that is not known, as the provider does."""
    for name in form:
        if name not in names and name != "expand":
            raise ApiError(400, "parameter_unknown", f"Received unknown parameter: {name}", param=name)


def required(form: dict[str, Any], name: str) -> Any:
    """A parameter that must be there."""
    if form.get(name) in (None, ""):
        raise ApiError(400, "parameter_missing", f"Missing required param: {name}.", param=name)
    return form[name]


def amount(text: Any, name: str = "amount") -> int:
    """A positive whole number of fen."""
    if not isinstance(text, str) or not re.fullmatch(r"[0-9]{1,12}", text):
        raise ApiError(400, "parameter_invalid_integer", f"Invalid integer: {text}", param=name)
    number = int(text)
    if number < 1:
        raise ApiError(400, "amount_too_small", f"{name} must be at least 1", param=name)
    if number > LARGEST_AMOUNT:
        raise ApiError(400, "amount_too_large", f"{name} must be no more than {LARGEST_AMOUNT}", param=name)
    return number


def truth(text: Any, name: str) -> bool:
    """true or false."""
    if text not in ("true", "false"):
        raise ApiError(400, None, f"Invalid boolean: {text}", param=name)
    return bool(text == "true")


def metadata(form: dict[str, Any]) -> dict[str, str]:
    """The metadata of a new object."""
    found = form.get("metadata") or {}
    if not isinstance(found, dict) or not all(isinstance(each, str) for each in found.values()):
        raise ApiError(400, None, "Metadata must be a set of key-value pairs", param="metadata")
    return dict(found)
