"""Random batches against the journal and against a plain model that shares no code with it."""

from __future__ import annotations

from typing import Any

import psycopg
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from ledger import PROOFS, Balance, Batch, balances, errors, journal, open_account, pending_rest

ACCOUNTS = 5
FLAGS = (0, 0, 1, 1, 2)  # two contra accounts, two holders, one debtor
OTHER_ASSET = 4  # the debtor's place when it is of the second asset

# What a step of a batch is: a verb, two accounts by place, an amount (None: all that is left) and which
# pending.
steps = st.tuples(
    st.sampled_from(["transfer", "transfer", "hold", "hold", "post", "void", "expire"]),
    st.integers(0, ACCOUNTS - 1),
    st.integers(0, ACCOUNTS - 1),
    st.one_of(st.integers(1, 40), st.none()),
    st.integers(0, 50),
)
Step = tuple[str, int, int, int | None, int]


class Refused(Exception):
    """The model's refusal, by the code the ledger gives it."""


class Model:
    """The ledger as a list of dicts; every question is answered by adding up the whole list."""

    def __init__(self, assets: list[int]) -> None:
        self.assets = assets
        self.log: list[dict[str, Any]] = []

    def sums(self, account: int, log: list[dict[str, Any]] | None = None) -> tuple[int, int, int, int]:
        total = {"dp": 0, "d": 0, "cp": 0, "c": 0}
        for entry in self.log if log is None else log:
            for side, key in (("d", "debit"), ("c", "credit")):
                if entry[key] != account:
                    continue
                amount = entry["amount"]
                if entry["verb"] == "hold":
                    total[side + "p"] += amount
                elif entry["verb"] != "transfer":
                    total[side + "p"] -= amount
                if entry["verb"] in ("transfer", "post"):
                    total[side] += amount
        return total["dp"], total["d"], total["cp"], total["c"]

    def rest(self, index: int) -> int:
        spent = sum(entry["amount"] for entry in self.log if entry["pending"] == index)
        return int(self.log[index]["amount"] - spent)

    def holds(self) -> list[int]:
        return [index for index, entry in enumerate(self.log) if entry["verb"] == "hold"]

    def take(self, verb: str, debit: int, credit: int, amount: int | None, pending: int | None) -> None:
        if pending is not None:
            rest = self.rest(pending)
            if amount is None and rest == 0:
                raise Refused("pending_resolved")
            amount = rest if amount is None else amount
            if amount > rest:
                raise Refused("pending_over_resolved")
            debit, credit = self.log[pending]["debit"], self.log[pending]["credit"]
        elif self.assets[debit] != self.assets[credit]:
            raise Refused("asset_mismatch")
        self.log.append(
            {"verb": verb, "debit": debit, "credit": credit, "amount": amount, "pending": pending}
        )
        for account in (debit, credit):
            debits_pending, debits, credits_pending, credits = self.sums(account)
            if FLAGS[account] == 1 and debits + debits_pending > credits:
                raise Refused("insufficient_balance")
            if FLAGS[account] == 2 and credits + credits_pending > debits:
                raise Refused("insufficient_balance")


class LedgerMachine(RuleBasedStateMachine):
    def __init__(self, url: str) -> None:
        super().__init__()
        self.connection = psycopg.connect(url)
        self.ids: list[int] = []

    @initialize(mixed=st.booleans())
    def open(self, mixed: bool) -> None:
        one = journal.open_asset(self.connection, code="CNY", scale=2)
        two = journal.open_asset(self.connection, code="headroom", scale=3)
        assets = [one] * ACCOUNTS
        if mixed:
            assets[OTHER_ASSET] = two
        self.accounts = [
            open_account(self.connection, asset_id=asset, code=1, flags=flag, system=flag == 0)
            for asset, flag in zip(assets, FLAGS, strict=True)
        ]
        self.model = Model(assets)

    @rule(batch=st.lists(steps, min_size=1, max_size=8))
    def execute(self, batch: list[Step]) -> None:
        before = len(self.model.log)
        ours, expected = Batch(), None
        handles: list[int] = []
        for verb, debit, credit, amount, which in batch:
            pending = None
            if verb in ("post", "void", "expire"):
                holds = self.model.holds()
                if not holds:
                    continue
                pending = holds[which % len(holds)]
                known = self.ids[pending] if pending < before else handles[pending - before]
                handles.append(getattr(ours, verb)(known, amount, code=1))
            else:
                if debit == credit:
                    continue
                amount = amount or 1
                add = getattr(ours, verb)
                handles.append(
                    add(debit=self.accounts[debit], credit=self.accounts[credit], amount=amount, code=1)
                )
            try:
                self.model.take(verb, debit, credit, amount, pending)
            except Refused as refused:
                expected = refused.args[0]
                break
        try:
            self.ids += ours.execute(self.connection)
            outcome = None
        except errors.LedgerError as error:
            outcome = error.code
        assert outcome == expected
        if expected is not None:
            del self.model.log[before:]

    @invariant()
    def the_columns_are_the_models(self) -> None:
        if not hasattr(self, "accounts"):
            return
        now = balances.now(self.connection, self.accounts)
        for place, account in enumerate(self.accounts):
            assert now[account] == Balance(account, *self.model.sums(place))

    @rule(point=st.integers(0, 1000))
    def the_past_is_the_models(self, point: int) -> None:
        if not self.ids:
            return
        point %= len(self.ids)
        past = balances.as_of(self.connection, self.accounts, transfer_id=self.ids[point])
        for place, account in enumerate(self.accounts):
            assert past[account] == Balance(account, *self.model.sums(place, self.model.log[: point + 1]))

    @rule()
    def the_rests_are_the_models(self) -> None:
        holds = self.model.holds()
        wanted = {self.ids[index]: self.model.rest(index) for index in holds}
        assert pending_rest(self.connection, wanted) == wanted

    def teardown(self) -> None:
        for proof in PROOFS:
            assert self.connection.execute(proof.violations_sql).fetchall() == []
        assert self.ids == sorted(self.ids)
        self.connection.rollback()
        self.connection.close()


def test_random_batches_do_what_a_plain_model_does(ledger_url: str) -> None:
    run_state_machine_as_test(
        lambda: LedgerMachine(ledger_url),
        settings=settings(
            max_examples=60,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
