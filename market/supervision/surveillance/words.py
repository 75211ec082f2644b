"""What every detector is called, by which rule it speaks, and what its figures are, in Chinese and English. Pure."""

from __future__ import annotations

DETECTORS: dict[str, tuple[str, str]] = {
    "wash_trade": ("对敲、循环交易", "wash trade"),
    "related_parties": ("关联方偏离市价交易", "related parties away from the market's price"),
    "layering": ("虚假挂单", "layering"),
    "marking_the_close": ("操纵收盘价", "marking the close"),
    "price_outlier": ("价格异常", "price outlier"),
    "zero_price": ("无偿或象征性价格", "zero or token price"),
    "concentration_of_rights": ("水权集中", "concentration of rights"),
    "concentration_of_orders": ("挂单集中", "concentration of orders"),
    "hoarding": ("水权闲置", "hoarding"),
    "selling_over_plan": ("超计划用水仍卖水", "selling while over plan"),
    "unpublished_announcement": ("利用未公布的公告交易", "trading on an unpublished announcement"),
}

RULES: dict[str, str] = {
    "wash_trade": "证券法 (2019) art. 55(2)(3); 期货和衍生品法 (2022) art. 12(2)(3) (models, from memory)",
    "related_parties": "service rule of the exchange: owners differ; 证券法 (2019) art. 55(3) (model, from memory)",
    "layering": "证券法 (2019) art. 55(4); 期货和衍生品法 (2022) art. 12(5) (models, from memory)",
    "marking_the_close": "操纵证券、期货市场司法解释 (2019); 操纵认定指引 (2007, withdrawn) (models, from memory)",
    "price_outlier": "水权交易管理暂行办法 (2016), fair price: to confirm; distance: demonstration",
    "zero_price": "demonstration: tax and levy rest on the price, and the register on the ground",
    "concentration_of_rights": "反垄断法 art. 24 (model, from memory); share: demonstration",
    "concentration_of_orders": "证券法 (2019) art. 55(1); 期货和衍生品法 (2022) art. 12(1)(7) (models, from memory)",
    "hoarding": "取水许可和水资源费征收管理条例 art. 44; a token use: demonstration",
    "selling_over_plan": "水权交易管理暂行办法 (2016) arts 20-22, to confirm; county plan part 3(1)2",
    "unpublished_announcement": "证券法 (2019) arts 50-53; 期货和衍生品法 (2022) arts 13-15 (models, from memory)",
}
"""The legal source of each detector, and how sure it is."""

FIGURES: dict[str, tuple[str, str]] = {
    "agreed_share": ("疑似事先约定的比例 (%)", "share that looks agreed beforehand, %"),
    "announcement": ("公告编号", "announcement"),
    "away_from_market": ("偏离市价 (%)", "away from the market's price, %"),
    "close": ("收盘价 (元/m³)", "close, yuan per m³"),
    "decided_at": ("决定时间", "decided at"),
    "direction": ("方向", "direction"),
    "days": ("涉及天数", "days concerned"),
    "episodes": ("次数", "how many times"),
    "engaged_share": ("占同期自身成交比例 (%)", "part of all that they traded meanwhile, the least, %"),
    "evenings": ("涉及收盘次数", "closes concerned"),
    "first_idle_year": ("闲置首年", "first idle year"),
    "gift_days": ("赠与天数", "days with gifts"),
    "highest_price": ("最高价 (元/m³)", "highest price, yuan per m³"),
    "holders": ("区域内持有人数", "holders in the zone"),
    "hours_until_back": ("回流用时 (小时)", "hours until it was back"),
    "idle_years": ("连续闲置整年数", "whole idle years on end"),
    "largest_share": ("占同方向挂单最高比例 (%)", "largest share of the side, %"),
    "last_idle_year": ("闲置末年", "last idle year"),
    "least_of_session": ("占单日交易时间最低比例 (%)", "part of a session, the least, %"),
    "litres_away": ("偏价成交水量 (m³)", "traded away from the price, m³"),
    "litres_before_publication": ("公布前成交水量 (m³)", "traded before publication, m³"),
    "litres_bought": ("买入水量 (m³)", "bought, m³"),
    "litres_by_habit": ("此前同样时长最高成交水量 (m³)", "most traded in such a time before, m³"),
    "litres_filled": ("反方向成交水量 (m³)", "filled on the other side, m³"),
    "litres_gained_on": ("由收盘价获益的水量 (m³)", "gains from the close, m³"),
    "litres_given": ("转出水量 (m³)", "given, m³"),
    "litres_held": ("持有水量 (m³)", "held, m³"),
    "litres_idle": ("闲置水量 (m³)", "idle, m³"),
    "litres_late": ("尾盘成交水量 (m³)", "traded late, m³"),
    "litres_of_zone": ("区域总水量 (m³)", "the zone's water, m³"),
    "litres_open": ("最高挂单水量 (m³)", "largest open volume, m³"),
    "litres_planned": ("全年计划用水 (m³)", "the year's plan, m³"),
    "litres_planned_so_far": ("至今计划用水 (m³)", "plan so far, m³"),
    "litres_sold": ("卖出水量 (m³)", "sold, m³"),
    "litres_used": ("实际用水 (m³)", "used, m³"),
    "litres_vanished": ("撤走的挂单水量 (m³)", "shown and withdrawn, m³"),
    "litres_large": ("单次撤走最高水量 (m³)", "the most withdrawn at once, m³"),
    "lowest_price": ("最低价 (元/m³)", "lowest price, yuan per m³"),
    "market_after": ("其后他人成交价 (元/m³)", "what others paid after, yuan per m³"),
    "market_before": ("此前他人成交价 (元/m³)", "what others paid before, yuan per m³"),
    "market_spread": ("市场自身离散度 (%)", "the market's own spread, %"),
    "minutes_until_withdrawn": ("成交后撤单用时 (分钟)", "minutes until withdrawn"),
    "moved": ("推动价格 (%)", "moved the price, %"),
    "price": ("成交价 (元/m³)", "price, yuan per m³"),
    "price_before": ("推动前价格 (元/m³)", "price before, yuan per m³"),
    "published_at": ("公布时间", "published at"),
    "reference_price": ("参考价 (元/m³)", "reference price, yuan per m³"),
    "relation": ("关联依据", "how they are related"),
    "returned_share": ("回流比例 (%)", "share that came back, %"),
    "right": ("水权编号", "right"),
    "sales_beside_gifts": ("双方另有有偿交易", "the same two also trade for money"),
    "sessions": ("交易日数", "sessions"),
    "share_of_zone": ("占区域水量 (%)", "share of the zone's water, %"),
    "shown_side": ("虚挂方向", "side that was shown"),
    "side": ("方向", "side"),
    "source": ("水源", "source"),
    "used_or_sold_share": ("使用或售出比例 (%)", "used or sold, %"),
    "year": ("水年度", "water year"),
    "zone": ("区域", "zone"),
}

VALUES: dict[str, tuple[str, str]] = {
    "buy": ("买", "buy"),
    "declared": ("已申报", "declared"),
    "down": ("跌", "down"),
    "groundwater": ("地下水", "groundwater"),
    "marks": (
        "本人标记相同（法定代表人、账户、设备）",
        "their own marks are alike (representative, account, device)",
    ),
    "no": ("否", "no"),
    "sell": ("卖", "sell"),
    "surface": ("地表水", "surface water"),
    "up": ("涨", "up"),
    "yes": ("是", "yes"),
}
"""Values of figures that are words; what is not here is a number, a time or a name and is shown as it is."""


def detector_name(detector: str, language: str) -> str:
    """A detector in "zh" or "en". Errors: KeyError."""
    return DETECTORS[detector][_place(language)]


def figure_text(figure: tuple[str, str, str], language: str) -> str:
    """A figure with its threshold in "zh" or "en". Errors: KeyError."""
    name, value, threshold = figure
    place = _place(language)
    shown = VALUES[value][place] if value in VALUES else value
    label = FIGURES[name][place]
    if language == "zh":
        return f"{label}：{shown}" + (f"（界限 {threshold}）" if threshold else "")
    return f"{label}: {shown}" + (f" (threshold {threshold})" if threshold else "")


def _place(language: str) -> int:
    return ("zh", "en").index(language)
