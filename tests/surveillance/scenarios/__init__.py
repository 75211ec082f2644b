"""The labelled cases, one module a detector, and what a violation is in words.

A case is labelled by what a seasoned supervisor of a county's water market would say of it, before anything was built
to find it. Nothing here sets a threshold, except the two years that the law itself gives. There is no book of conduct
for water exchanges: the rules against abuse are those of securities and futures, taken as models and quoted from
memory, to confirm; where no source is known the definition is a demonstration.

wash_trade: water passes between the same people, straight or through others, and is soon back where it was, so that a
    volume or a price is on the tape and nobody's holding has changed. Securities Law (2019) art. 55 (2) and (3);
    Futures and Derivatives Law (2022) art. 12 (2) and (3): trades agreed beforehand, or between accounts of one hand
    (model). Not: passing on, two real needs at two times, one kind of water for another, dealers who meet by chance.
related_parties: two accounts of one hand, declared or plain from what is only one's own (representative, account,
    device together), trade away from the market's price. The same articles, (3) (model); that owners must differ is
    this exchange's own rule. Not: a group at the market's price, or marks that a village, a hall, a clerk or a bank
    lends to many.
layering: orders shown on one side, not to be filled, and withdrawn once the owner's order on the other side is
    filled. Securities Law art. 55 (4); Futures Law art. 12 (5): without the aim of a trade, large or frequent, and
    cancelled (model). Not: quotes renewed on both sides, following the price, a change of mind with nothing done on
    the other side.
marking_the_close: trades in the last minutes that are little beside what their maker gains from the close they set.
    Interpretation of 2019 on manipulation, and the guideline of 2007 (withdrawn) on the end of the session (models).
    Not: ordinary late trade, real need that pays for what it moves, news that moves everybody.
price_outlier: a trade between strangers far from what others pay in the same days, which neither a move of the whole
    market nor the manner of the sale explains. Interim measures on water-rights trading (2016), fair price: to
    confirm; how far is far: demonstration. Not: drought, buy-back at a published price, public bidding, a product
    without a price.
zero_price: water for nothing or for a token without a ground such as gift, succession or reorganisation, or with the
    word gift on what is a trade. Demonstration; tax and levy rest on the price, and the register on the ground.
concentration_of_rights: one hand, with those that it owns or plainly is, holds so much of a zone's water that others
    depend on it. Anti-monopoly Law art. 24 (a half of the market is presumed to dominate it: a model; a zone is
    smaller and its holders are dependent sooner: demonstration). Not: who holds for its members, or for a town's
    homes by duty; one right counted in several years; neighbours who share a telephone.
concentration_of_orders: one hand is nearly all of a side of a book, for days, so that others take its price.
    Securities Law art. 55 (1); Futures Law art. 12 (1), (7) (model). Not: an association for its members, the first
    of a morning, a book too small to matter, a great need that is soon filled.
hoarding: a right of which practically nothing was used nor passed on for two whole years on end. Regulation on
    abstraction permits art. 44: two years without taking water; kept where force majeure or rebuilding was accepted.
    That a token use does not interrupt it is a demonstration. Not: excused years, a new right, one who sells, a
    second year not over.
selling_over_plan: one sells as spare what it does not have to spare, since its own use, over all of its rights and
    for the season, runs past what its plans allow and what it bought. Interim measures (2016) arts 20-22 (only what
    is unused is sold), county plan part 3(1)2. Not: who bought first, who uses early by its crop, last year's excess,
    a meter's error.
unpublished_announcement: one who knew of a decision trades between decision and publication, the way that then pays,
    beyond its habit. Securities Law arts 50-53; Futures Law arts 13-15 (model). Not: a programme from before, one who
    did not know, the other direction or another product, a time before the decision or after the publication.

`expected` lists what must be named; `tolerated` what may be, since a supervisor might name the same facts by it too.
A case about another detector says nothing of a detector in neither list: an alert of it is false.
"""

from __future__ import annotations

from tests.surveillance.building import Scenario
from tests.surveillance.scenarios import (
    concentration_of_orders,
    concentration_of_rights,
    hoarding,
    layering,
    marking_the_close,
    price_outlier,
    related_parties,
    selling_over_plan,
    unpublished_announcement,
    wash_trade,
    zero_price,
)

SCENARIOS: tuple[Scenario, ...] = (
    *wash_trade.SCENARIOS,
    *related_parties.SCENARIOS,
    *layering.SCENARIOS,
    *marking_the_close.SCENARIOS,
    *price_outlier.SCENARIOS,
    *zero_price.SCENARIOS,
    *concentration_of_rights.SCENARIOS,
    *concentration_of_orders.SCENARIOS,
    *hoarding.SCENARIOS,
    *selling_over_plan.SCENARIOS,
    *unpublished_announcement.SCENARIOS,
)
