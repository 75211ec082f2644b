"""What negotiated deals refuse: one class a rule."""

from __future__ import annotations

from market.core.errors import Conflict, NotAllowed, Refusal


class NegotiationState(Conflict):
    """The step is not possible in the present state of the negotiation."""

    code = "negotiation_state"
    title_en = "Not possible in the present state of the negotiation"
    title_zh = "协商当前状态不允许此操作"
    legal = "service rule of the exchange"


class NotAParty(NotAllowed):
    """Only the parties negotiate and sign: the bureau reads."""

    code = "not_a_party"
    title_en = "Only a party may do this"
    title_zh = "仅交易双方可办理"
    legal = "民法典 arts 465, 490: a contract binds, and is signed by, its parties"


class OfferIsYours(Refusal):
    """An offer is accepted by the side to which it was made."""

    code = "offer_is_yours"
    title_en = "The other side accepts this offer"
    title_zh = "该要约应由对方承诺"
    legal = "民法典 art. 479"


class OfferIsNotTheLast(Conflict):
    """A counter-offer ended the offer that was named: only the last one stands."""

    code = "offer_is_not_the_last"
    title_en = "Another offer has taken its place"
    title_zh = "该要约已被新要约取代"
    legal = "民法典 arts 478, 488: a substantial change is a new offer and ends the old one"


class OfferExpired(Conflict):
    """The offer stood until a time that is over."""

    code = "offer_expired"
    title_en = "The offer has expired"
    title_zh = "要约已到期"
    legal = "民法典 arts 478, 481: an offer is accepted within its term"


class OfferTime(Refusal):
    """An offer stands until a time to come, at most until trading of the product ends."""

    code = "offer_time"
    title_en = "The offer must end in time"
    title_zh = "要约期限无效"
    legal = "service rule of the exchange: an offer ends within its product's time"


class OfferAmount(Refusal):
    """An offer is of whole lots, at a price above zero, and large enough that something arrives."""

    code = "offer_amount"
    title_en = "Not an amount that can be traded"
    title_zh = "水量或价格无法交易"
    legal = "service rule of the exchange: the county pack's smallest lot"


class MayNotBeNegotiated(Refusal):
    """The county's rules give deals between these places, or of this term, no lane."""

    code = "may_not_be_negotiated"
    title_en = "Such a deal may not be negotiated here"
    title_zh = "此类交易不得协议转让"
    legal = "county pack: negotiated"


class SubjectMismatch(Refusal):
    """An allocation is water; a lease names a right and its water years; the sale of a right names the right."""

    code = "subject_mismatch"
    title_en = "Not what this product is"
    title_zh = "标的与交易品种不符"
    legal = "service rule of the exchange: a product is a source, a water year and a tenure"


class AnotherContract(Conflict):
    """The signature names another text than the one that both sign."""

    code = "another_contract"
    title_en = "This is not the contract that is signed"
    title_zh = "签署的合同文本不一致"
    legal = "民法典 art. 490"


class SignedAlready(Conflict):
    """This side has signed."""

    code = "signed_already"
    title_en = "Signed already"
    title_zh = "本方已签署"
    legal = "民法典 art. 490"


class OwnDeal(Refusal):
    """A party does not object to its own deal."""

    code = "own_deal"
    title_en = "A party does not object to its own deal"
    title_zh = "交易方不得对自己的交易提出异议"
    legal = "行政许可法 art. 47: objections are those of others who are concerned"


class ObjectedAlready(Conflict):
    """One objection a participant."""

    code = "objected_already"
    title_en = "Objected already"
    title_zh = "已提出异议"
    legal = "service rule of the exchange"
