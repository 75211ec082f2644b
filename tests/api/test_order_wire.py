"""The fast way of reading and writing orders and the documented shapes are one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError

from market.api import order_wire
from market.api.schemas import trading as shapes
from market.core import ids
from market.core.errors import UnknownId
from market.trading.commands import Accepted, FillView

KEY = b"a key of ids for tests, 32 bytes"


@pytest.fixture(autouse=True, scope="module")
def _ids() -> Iterator[None]:
    before = ids._key
    ids.set_key(KEY)
    yield
    if before is not None:
        ids.set_key(before)


def _ids_of(prefix: str) -> st.SearchStrategy[Any]:
    known = st.integers(1, 5).map(lambda number: _public(prefix, number))
    return st.one_of(known, known, known, st.just(prefix + "_" + "0" * 26), st.integers(), st.none())


def _public(prefix: str, number: int) -> str:
    ids.set_key(KEY)
    return ids.public(prefix, number)


DECIMALS = st.one_of(
    st.sampled_from(["1", "2.5", "0.001", "1000", "0", "0.0000", "1.00001", "-1", "1e2", "01", "", "9" * 30]),
    st.integers(), st.floats(allow_nan=False), st.none(), st.booleans(),
)  # fmt: skip
GOOD = {
    "product_id": _ids_of("prd"), "water_account_id": _ids_of("wac"),
    "side": st.sampled_from(["buy", "sell", "sell", "hold", 1, None]), "volume": DECIMALS, "price": DECIMALS,
}  # fmt: skip
MORE = {
    "time_in_force": st.sampled_from(["GTC", "IOC", "FOK", "GTD", "DAY", None, 0]),
    "post_only": st.sampled_from([True, False, 1, 0, "true", None]),
    "minimum_fill": DECIMALS,
    "expires_at": st.sampled_from([None, "2030-01-01T00:00:00Z", "soon", 1]),
    "client_order_id": st.sampled_from([None, "a", "a b", "", "é", "x" * 64, "x" * 65, "a\n", 5]),
    "colour": st.just("blue"),
}
ORDERS = st.fixed_dictionaries(GOOD, optional=MORE)
CANCELS = st.fixed_dictionaries({"order_id": _ids_of("ord")}, optional={"why": st.just("rain")})
MEMBERS = st.one_of(
    ORDERS.map(lambda order: {"place": order}), CANCELS.map(lambda cancel: {"cancel": cancel}), st.just({}),
    st.just({"amend": {"volume": "1"}}),
    st.tuples(ORDERS, CANCELS).map(lambda two: {"place": two[0], "cancel": two[1]}),
)  # fmt: skip
BATCHES = st.fixed_dictionaries({"commands": st.lists(MEMBERS, max_size=4)})


def _loaded(shape: Any, value: Any) -> Any:
    """What the shape makes of a body, or None where it refuses it."""
    try:
        return shape().load(value)
    except (ValidationError, UnknownId):
        return None


@settings(max_examples=1_500, deadline=None)
@given(ORDERS)
def test_a_plain_order_is_read_as_its_shape_reads_it(value: dict[str, Any]) -> None:
    found = order_wire.order(value)
    assert found is None or found == _loaded(shapes.OrderIn, value)


@settings(max_examples=1_000, deadline=None)
@given(BATCHES)
def test_a_plain_batch_is_read_as_its_shape_reads_it(value: dict[str, Any]) -> None:
    found = order_wire.batch(value)
    assert found is None or found == _loaded(shapes.BatchIn, value)


def test_what_clients_send_is_plain() -> None:
    order = {
        "product_id": _public("prd", 1), "water_account_id": _public("wac", 2), "side": "sell", "volume": "1001",
        "price": "0.3003", "client_order_id": "harvest-1", "time_in_force": "IOC", "minimum_fill": "1.5",
    }  # fmt: skip
    found = order_wire.order(order)
    assert found is not None
    assert (found["product_id"], found["volume"], found["price"], found["minimum_fill"]) == (
        1,
        1_001_000,
        3_003,
        1_500,
    )
    batch = {"commands": [{"place": order}, {"cancel": {"order_id": _public("ord", 3)}}]}
    assert order_wire.batch(batch) == {"commands": [{"place": found}, {"cancel": {"order_id": 3}}]}


@pytest.mark.parametrize("value", [None, [], "order", 1, {"commands": []}, {"commands": None}])
def test_what_is_no_order_is_left_to_the_shape(value: Any) -> None:
    assert order_wire.order(value) is None
    assert order_wire.batch(value) is None


def test_an_answer_is_written_as_its_shape_writes_it() -> None:
    fills = (FillView(7, 100_000, 90_000, 4_000, "sell", 4_000, 12, "awaiting_review", 900),)
    done = Accepted(5, "cancelled", 200_000, 100_000, 4_000, 0, 9, "by_owner", fills)
    view = {
        "id": done.order, "status": done.status, "volume": done.volume, "filled": done.volume - done.rest,
        "rest": done.rest, "price": done.price, "reason": done.reason,
        "fills": [
            {
                "trade_id": fill.trade, "source_volume": fill.source, "delivered_volume": fill.delivered,
                "price": fill.price, "price_at": fill.maker, "amount": fill.amount, "fee": fill.fee,
                "status": fill.status,
            }
            for fill in fills
        ],
    }  # fmt: skip
    assert order_wire.result(done) == shapes.OrderResult().dump(view)
