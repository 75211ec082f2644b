"""Forms: what was typed, what is wrong with it, and the one shape of an act: do it and go on, or show it again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flask import Response, flash, request

from market.web.asking import Problem

Typed = Mapping[str, str]


def typed() -> dict[str, str]:
    """What the form holds, without the fields that are ours; blanks around are not meant."""
    return {name: value.strip() for name, value in request.form.items() if not name.startswith("_")}


def body(names: Iterable[str]) -> dict[str, Any]:
    """The named fields as a body for the API; an empty one is left out."""
    values = typed()
    return {name: values[name] for name in names if values.get(name)}


def fingerprint(name: str) -> str | None:
    """The SHA-256 of a file that was chosen, in hex: of a paper no more than that is kept. None: no file."""
    given = request.files.get(name)
    return hashlib.sha256(given.read()).hexdigest() if given and given.filename else None


def act(do: Callable[[], str], *, show: Callable[[Problem], Response], done: Any = None) -> Response:
    """Does what a form asks for and goes on to the address that `do` gives; a refusal shows the form again.

    `done`: what the next page says at its top.
    """
    try:
        where = do()
    except Problem as problem:
        if problem.status in (401, 403, 404, 503) or problem.status >= 500:
            raise
        answer = show(problem)
        answer.status_code = problem.status
        return answer
    if done is not None:
        flash(str(done))
    return onward(where)


def onward(where: str) -> Response:
    """On to another address of this service, to read there."""
    return Response(status=303, headers={"Location": where})


def inside(address: str | None, otherwise: str) -> str:
    """An address of this service to go on to; anything else, such as one of another host, is `otherwise`."""
    plain = address or ""
    if (
        not plain.startswith("/")
        or plain.startswith(("//", "/\\"))
        or any(ord(each) < 0x20 for each in plain)
    ):
        return otherwise
    return plain
