"""The pages of all acts: one to ask and to tell, one to do it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, flash, request
from werkzeug.datastructures import MultiDict

from market.web import asking, forms
from market.web.asking import Problem
from market.web.bureau import (
    account_acts,
    announcing_acts,
    auction_acts,
    bank_acts,
    bill_acts,
    case_acts,
    delivery_acts,
    duty_acts,
    fee_invoice_acts,
    firm_acts,
    intervention_acts,
    limit_acts,
    matter_acts,
    meter_acts,
    money_acts,
    people_acts,
    pledge_acts,
    reversal_acts,
    right_acts,
    saving_acts,
    season_acts,
    storage_acts,
    succession_acts,
    user_acts,
    warning_acts,
)
from market.web.bureau.acts import Act, Told
from market.web.bureau.frame import ARGUMENT, public, sheet

blp = Blueprint("desk_acts", __name__, template_folder="../templates")

ACTS: dict[str, Act] = {
    each.endpoint: each
    for group in (
        matter_acts,
        right_acts,
        succession_acts,
        warning_acts,
        case_acts,
        intervention_acts,
        reversal_acts,
        announcing_acts,
        season_acts,
        auction_acts,
        people_acts,
        firm_acts,
        user_acts,
        limit_acts,
        meter_acts,
        money_acts,
        bill_acts,
        bank_acts,
        fee_invoice_acts,
        delivery_acts,
        duty_acts,
        pledge_acts,
        saving_acts,
        storage_acts,
        account_acts,
    )
    for each in group.ACTS
}
FIRST, SECOND = "ask", "tell"
_SHOWN_AGAIN = (409, 412, 422, 428)


def _filled(template: str, values: Any) -> str:
    """An address with ids in their places."""
    for name, value in values.items():
        if isinstance(value, str):
            template = template.replace("{" + name + "}", value)
    return template


def _ids(act: Act, arguments: dict[str, int]) -> dict[str, str]:
    """The public ids of a path, by the names of its arguments."""
    prefixes = {part[1:-1].split(":")[1]: part[1:-1].split(":")[0] for part in ARGUMENT.findall(act.path)}
    return {name: public(prefixes[name], number) for name, number in arguments.items()}


def _path(act: Act, numbers: dict[str, str]) -> str:
    given = iter(numbers.values())
    return "/v1" + ARGUMENT.sub(lambda _: next(given), act.path)


def _page(
    act: Act, numbers: dict[str, str], typed: dict[str, str], told: Told, step: str, problem: Problem | None
) -> Response:
    return sheet(
        "bureau/act.html",
        act=act,
        told=told,
        typed=typed,
        step=step,
        problem=problem,
        here=ARGUMENT.sub(lambda found: numbers[found[0][1:-1].split(":")[1]], act.address),
        back=_filled(act.back, numbers),
    )


def _show(
    act: Act, numbers: dict[str, str], typed: dict[str, str], problem: Problem | None = None
) -> Response:
    """The step that is due: the particulars while they are missing or refused, else what will happen."""
    missing = _unchosen(act, typed) or any(
        each.required and each.kind != "tick" and not typed.get(each.name) for each in act.asks
    )
    if act.asks and (missing or typed.get("change") or not _sent(act, typed)):
        told = act.tells(numbers, typed) if act.facts_first else Told()
        return _page(act, numbers, typed, told, FIRST, problem)
    try:
        told = act.tells(numbers, typed)
    except Problem as refused:
        if refused.status not in _SHOWN_AGAIN:
            raise
        if not act.asks:
            return _page(act, numbers, typed, Told(), SECOND, problem or refused)
        answer = _page(act, numbers, typed, Told(), FIRST, problem or refused)
        answer.status_code = refused.status
        return answer
    return _page(act, numbers, typed, told, SECOND, problem)


def _many(act: Act, sent: MultiDict[str, str]) -> dict[str, str]:
    """Fields of which several may be ticked, each as one text with blanks between."""
    several = (each.name for each in (*act.asks, *act.signs) if each.kind == "many" and each.choices)
    return {name: " ".join(sent.getlist(name)) for name in several if name in sent}


def _unchosen(act: Act, typed: dict[str, str]) -> bool:
    """Whether a name was typed and nobody chosen: what is left out stands for everybody in some acts."""
    return any(
        each.kind == "find" and typed.get(each.sought) and not typed.get(each.name) for each in act.asks
    )


def _sent(act: Act, typed: dict[str, str]) -> bool:
    """Whether the first form was sent at all: all it asks for may be left empty."""
    return any(each.name in typed or (each.kind == "find" and each.sought in typed) for each in act.asks)


def _kept(act: Act, typed: dict[str, str]) -> dict[str, str]:
    """Without what was chosen under another name than the one that stands there now: money must not go astray.

    The particulars are asked for again then: what is left out stands for everybody in some acts.
    """
    gone = {
        each.name
        for each in act.asks
        if each.kind == "find" and typed.get(each.name) and typed[each.name] not in dict(each.found(typed))
    }
    kept = {name: value for name, value in typed.items() if name not in gone}
    return kept | {"change": "yes"} if gone else kept


def _shower(act: Act) -> Callable[..., Response]:
    def show(**arguments: int) -> Response:
        typed = {name: value.strip() for name, value in request.args.items()}
        return _show(act, _ids(act, arguments), _kept(act, typed | _many(act, request.args)))

    return show


def _doer(act: Act) -> Callable[..., Response]:
    def do(**arguments: int) -> Response:
        numbers, typed = _ids(act, arguments), forms.typed() | _many(act, request.form)
        version = typed.pop("version", "") or None
        if _unchosen(act, typed):
            return _show(act, numbers, typed)
        try:
            made = asking.send(_path(act, numbers), act.body(act, typed), version=version) or {}
        except Problem as problem:
            if problem.status not in _SHOWN_AGAIN:
                raise
            answer = _show(act, numbers, typed, problem)
            answer.status_code = problem.status
            return answer
        flash(str(act.done))
        if act.shown is not None and (said := act.shown(made)):
            flash(said)
        members = made if isinstance(made, dict) else {}
        return forms.onward(_filled(act.then or act.back, {**members, **numbers}))

    return do


for _act in ACTS.values():
    blp.add_url_rule(_act.address, f"show_{_act.name}", _shower(_act), methods=["GET"])
    blp.add_url_rule(_act.address, f"do_{_act.name}", _doer(_act), methods=["POST"])
