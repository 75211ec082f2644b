"""The builder of a batch's parameters, and the arrays it sends; no database."""

from __future__ import annotations

import struct
from enum import IntEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.arrays import Bigints
from ledger.models import EXPIRE, PENDING, POST, POSTED, VOID
from ledger.posting import Posting


class Why(IntEnum):
    SALE = 12


def read_array(data: bytes) -> list[int]:
    """PostgreSQL's binary array, read as its documentation of array_send has it."""
    dimensions, has_nulls, oid = struct.unpack_from(">iii", data)
    assert (has_nulls, oid) == (0, 20)
    if dimensions == 0:
        assert len(data) == 12
        return []
    count, lower = struct.unpack_from(">ii", data, 12)
    assert (dimensions, lower, len(data)) == (1, 1, 20 + 12 * count)
    pairs = [struct.unpack_from(">iq", data, 20 + 12 * index) for index in range(count)]
    assert all(length == 8 for length, _ in pairs)
    return [value for _, value in pairs]


@given(st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_an_array_parameter_is_the_servers_binary_form(values: list[int]) -> None:
    assert read_array(Bigints(values).data) == values


def test_an_array_parameter_refuses_what_is_not_a_bigint() -> None:
    with pytest.raises(OverflowError):
        Bigints([2**63])
    with pytest.raises(TypeError):
        Bigints([1.5])


def test_every_kind_changes_its_two_columns_on_both_sides() -> None:
    posting = Posting()
    posting.transfer(1, 2, 5, 0)
    assert posting.deltas == {1: [0, 5, 0, 0], 2: [0, 0, 0, 5]}
    hold = posting.hold(1, 2, 100, 0)
    assert posting.deltas == {1: [100, 5, 0, 0], 2: [0, 0, 100, 5]}
    posting.post(hold, 1, 2, 30, 0)
    assert posting.deltas == {1: [70, 35, 0, 0], 2: [0, 0, 70, 35]}
    posting.void(hold, 1, 2, 20, 0)
    assert posting.deltas == {1: [50, 35, 0, 0], 2: [0, 0, 50, 35]}
    posting.expire(hold, 1, 2, 50, 0)
    assert posting.deltas == {1: [0, 35, 0, 0], 2: [0, 0, 0, 35]}


def test_rows_come_in_order_with_the_ids_that_were_drawn() -> None:
    posting = Posting()
    posting.transfer(1, 2, 5, Why.SALE, 77)
    hold = posting.hold(3, 4, 100, Why.SALE)
    posting.post(hold, 3, 4, 30, Why.SALE)
    posting.void(900, 5, 6, 1, Why.SALE)
    posting.expire(hold, 3, 4, 70, Why.SALE)
    batch_id, moment, *arrays = posting.insert_params([10, 11, 15, 16, 17], 6)
    assert (batch_id, moment) == (6, None)
    assert [read_array(column.data) for column in arrays] == [
        [10, 11, 15, 16, 17],
        [1, 3, 3, 5, 3],
        [2, 4, 4, 6, 4],
        [5, 100, 30, 1, 70],
        [12, 12, 12, 12, 12],
        [POSTED, PENDING, POST, VOID, EXPIRE],
        [0, 0, 11, 900, 11],
        [77, 0, 0, 0, 0],
    ]


def test_ids_that_are_fewer_than_the_rows_are_refused() -> None:
    posting = Posting()
    hold = posting.hold(1, 2, 3, 0)
    posting.post(hold, 1, 2, 3, 0)
    with pytest.raises(ValueError, match="one id a row"):
        posting.insert_params([1])


def test_changes_are_netted_to_one_update_an_account() -> None:
    posting = Posting()
    for _ in range(3):
        posting.transfer(1, 2, 5, 0)
        posting.transfer(2, 1, 1, 0)
    ids, *columns = (read_array(column.data) for column in posting.update_params())
    assert ids == [1, 2]
    assert columns == [[0, 0], [15, 3], [0, 0], [3, 15]]
    assert sorted(read_array(posting.lock_params()[0].data)) == [1, 2]


def test_a_posting_without_rows_still_has_all_its_parameters() -> None:
    posting = Posting()
    assert [read_array(column.data) for column in posting.insert_params([])[2:]] == [[]] * 8
    assert [read_array(column.data) for column in posting.update_params()] == [[]] * 5
