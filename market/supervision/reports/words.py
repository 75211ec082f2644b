"""Codes that reports show, as people read them: (zh, en)."""

from __future__ import annotations

from market.registry.life import STATES

SOURCES = {
    "surface": ("地表水", "surface"), "groundwater": ("地下水", "groundwater"), "reclaimed": ("再生水", "reclaimed"),
}  # fmt: skip
SECTORS = {
    "agriculture": ("农业", "agriculture"), "industry": ("工业", "industry"), "domestic": ("生活", "domestic"),
    "ecology": ("生态", "ecology"), "services": ("服务业", "services"),
}  # fmt: skip
MECHANISMS = {
    "continuous": ("连续竞价", "order book"), "call": ("集合竞价", "call auction"),
    "negotiated": ("协议转让", "negotiated"),
    "bidding": ("公开竞价", "public bidding"), "buy_back": ("政府回购", "buy-back"), "resale": ("储备转售", "resale"),
    "programme": ("收购项目", "purchase programme"), "lease": ("租赁", "lease"),
}  # fmt: skip
INSTRUCTIONS = {
    "awaiting_review": ("待审核", "awaiting review"), "settled": ("已交收", "settled"),
    "rejected": ("已驳回", "rejected"),
    "reversed": ("已撤销", "reversed"),
}  # fmt: skip
LIMITS = {
    "cap": ("总量控制", "cap"), "route": ("输水路径", "route"), "import": ("流入限制", "import"),
    "export": ("流出限制", "export"), "conversion": ("农转工限制", "conversion"),
}  # fmt: skip
RIGHT_KINDS = {
    "abstraction_permit": ("取水许可", "abstraction permit"),
    "irrigation_certificate": ("灌溉用水户水权证", "irrigation certificate"),
    "network_certificate": ("公共管网用户水权证", "network certificate"),
    "regional": ("区域水权", "regional right"),
}  # fmt: skip
_IN_CHINESE = (
    "已申请",
    "已受理",
    "公示中",
    "不予许可",
    "已撤回",
    "有效",
    "暂停",
    "已更替",
    "已注销",
    "已过期",
)
RIGHT_STATES = {code: (zh, code) for code, zh in zip(STATES, _IN_CHINESE, strict=True)}
CONTRACT_KINDS = {
    "public_institution": ("公共机构", "public institution"), "public_building": ("公共建筑", "public building"),
    "industry": ("工业", "industry"), "services": ("服务业", "services"), "irrigation": ("农业灌溉", "irrigation"),
    "leakage": ("管网漏损", "leakage"),
}  # fmt: skip
MODES = {
    "sharing": ("效益分享", "benefit sharing"), "guaranteed": ("效果保证", "guaranteed saving"),
    "trusteeship": ("费用托管", "fee trusteeship"),
    "trusteeship_guaranteed": ("托管并保证", "trusteeship and guarantee"),
}  # fmt: skip
CONTRACT_STATES = {
    "drafted": ("草拟", "drafted"), "signed": ("已签署", "signed"), "ended": ("已结束", "ended"),
    "withdrawn": ("已撤回", "withdrawn"),
}  # fmt: skip
CLOCKS = {
    "in_time": ("按期办结", "decided in time"), "late": ("逾期办结", "decided late"), "running": ("办理中", "running"),
    "overdue": ("逾期未办", "overdue"),
}  # fmt: skip
DESKS = {
    "trades": ("交易审核岗", "trades"), "rights": ("水权登记岗", "rights"), "contracts": ("合同节水岗", "contracts"),
    "supervision": ("监督管理岗", "supervision"),
}  # fmt: skip
YES_NO = {"yes": ("是", "yes"), "no": ("否", "no")}
RESULTS = {
    "met": ("完成", "met"), "partly": ("部分完成", "partly met"), "not_met": ("未完成", "not met"),
    "unknown": ("未填报", "not reported"),
}  # fmt: skip
