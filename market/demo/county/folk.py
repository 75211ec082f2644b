"""The people and bodies of the demonstration county: names, places, sign-ins. Everyone in it is made up."""

from __future__ import annotations

import random

from market.demo import people
from market.demo.county.season import Household, Works
from market.demo.people import SignIn, sign_in

BUREAU = (
    sign_in("registrar-2", ("registrar",), "示范登记员二 Second registrar"),
    sign_in("reviewer-2", ("reviewer",), "示范审核员二 Second reviewer"),
    sign_in("supervisor-2", ("supervisor",), "示范监管员二 Second supervisor"),
    sign_in("treasurer-2", ("treasurer",), "示范出纳二 Second treasurer"),
)
"""With those of the first start: twelve of the bureau and of the authorities beside it."""

COTTON = sign_in("cotton", ("holder",), "玛纳斯棉农 Cotton household with 1 001 m3 to sell")
TEXTILE = sign_in("textile", ("holder",), "示范纺织厂 Textile works")
HOTEL = sign_in("hotel", ("holder",), "示范宾馆 Hotel")
KUSHAN = sign_in("wua-kushan", ("association", "holder"), "库山河示范用水者协会 Water users of the Kushan")
IGIZYAR = sign_in(
    "wua-igizyar", ("association", "holder"), "依格孜牙示范用水者协会 Water users of the Igizyar"
)
CLERK = sign_in("clerk", ("agent", "holder"), "示范为民服务中心 Service centre's clerk")
SCHOOL = sign_in("school", ("holder",), "示范中学 School that saves water")
VERIFIER = sign_in("verifier", ("verifier",), "示范核验中心 Verifier")
BANK = sign_in("bank", ("bank",), "示范农村信用社 Bank")

SIGN_INS: tuple[tuple[SignIn, str], ...] = (
    (COTTON, "household"), (TEXTILE, "enterprise"), (HOTEL, "enterprise"), (KUSHAN, "association"),
    (IGIZYAR, "association"), (CLERK, "association"), (SCHOOL, "public_body"), (VERIFIER, "verifier"), (BANK, "bank"),
)  # fmt: skip
"""Who applies with a sign-in of its own, and its kind; service firms beside them."""

NAMES = {each.login: each.name for each in (*people.EVERYONE, *(who for who, _ in SIGN_INS))}
"""Who has which sign-in, but for the service firms."""

PLACES = (
    ("653123100", "KUSHAN-C0"), ("653123101", "KUSHAN-C1"), ("653123102", "KUSHAN-C1"), ("653123103", "KUSHAN-C1"),
    ("653123200", "KUSHAN-C2"), ("653123201", "KUSHAN-C2"), ("653123202", "KUSHAN-C2"), ("653123204", "KUSHAN-C3"),
    ("653123206", "KUSHAN-C3"), ("653123207", "IGIZYAR-C0"), ("653123208", "IGIZYAR-C1"), ("653123209", "IGIZYAR-C1"),
    ("653123211", "IGIZYAR-C1"), ("653123212", "IGIZYAR-C2"),
)  # fmt: skip
"""The townships of the county's pack, each with the canal that the demonstration has lead there."""

ENTRUSTED = ("653123101", "KUSHAN-C1")
"""Where smallholders entrust their water to the association."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_GIVEN = _words(
    "艾合买提 阿不都热合曼 吐尔逊 买买提 阿卜力孜 玉素甫 努尔买买提 热合曼 依明 萨迪克 库尔班 艾尔肯 "
    "帕提古丽 阿依古丽 古丽巴哈尔 热依汗 米热古丽 祖丽菲娅 吐拉汗 茹仙古丽 麦麦提敏 伊力亚斯 卡德尔 巴哈尔古丽"
)
_FATHERS = _words(
    "吐尔逊 艾山 尼亚孜 热合曼 肉孜 托合提 阿西木 司马义 喀斯木 买买提 亚森 依布拉音 达吾提 赛买提"
)
_SURNAMES = _words("王 李 张 刘 陈 杨 赵 黄 周 吴 马 徐")
_HAN = _words("建国 秀英 志强 玉兰 国庆 桂芳 新疆 玉珍 永生 春梅 文军 丽华")
_TRADES = _words("纺织 食品 建材 乳品 饲料 包装 塑业 果业 制冰 纸业 酿造 农机 印染 木业")
_FIRM_WORDS = _words(
    "润泽 清源 绿洲 昆仑 金胡杨 天山雪 甘泉 碧水 沃土 惠农 塔里木 润农 丝路 博斯坦 水脉 节源 滴翠 兴水 华泉 融雪"
)


def name_of_person(draw: random.Random) -> str:
    """A made-up name: four in five Uyghur (given name and father's), the others Han."""
    if draw.random() < 0.8:
        return f"{draw.choice(_GIVEN)}·{draw.choice(_FATHERS)}"
    return draw.choice(_SURNAMES) + draw.choice(_HAN)


def households(draw: random.Random, number: int, first_identifier: int) -> list[Household]:
    """So many households over all townships; each used between a third and nearly all of its right."""
    found = []
    for place in range(number):
        township, canal = PLACES[place % len(PLACES)]
        land = draw.randint(6, 42)
        right = land * draw.randint(380, 520)
        used = right * draw.randint(34, 96) // 100
        identifier = people.identity_number(first_identifier + place)
        found.append(Household(name_of_person(draw), identifier, township, canal, land, right, used))
    return found


def works(draw: random.Random, number: int) -> list[Works]:
    """The buyers of the park and of the town: those with a sign-in first, then so many works."""
    found = [
        Works(TEXTILE.login, TEXTILE.name, "industry", "PARK", 3_000_000, 900_000),
        Works(HOTEL.login, HOTEL.name, "services", "TOWN", 200_000, 30_000),
    ]
    for place in range(number):
        name = f"示范{_TRADES[place % len(_TRADES)]}厂{place + 1:02d}"
        plan = draw.randrange(60_000, 400_000, 10_000)
        found.append(Works("", name, "industry", "PARK", draw.randrange(200_000, 900_000, 50_000), plan))
    return found


def firm_name(place: int) -> str:
    """The place-th service firm."""
    word = _FIRM_WORDS[place % len(_FIRM_WORDS)]
    return f"示范{word}节水服务公司{place // len(_FIRM_WORDS) + 1 if place >= len(_FIRM_WORDS) else ''}"


def firm_login(place: int) -> str:
    """The sign-in of the place-th service firm: `firm`, `firm-2` …"""
    return "firm" if place == 0 else f"firm-{place + 1}"


def firm(place: int) -> SignIn:
    """The sign-in of the place-th service firm with its roles and name."""
    return sign_in(firm_login(place), ("firm", "holder"), firm_name(place))
