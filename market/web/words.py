"""The words of pages, zh-CN and en: one term, one meaning (DESIGN section 1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

LANGUAGES = ("zh", "en")
TAGS = {"zh": "zh-CN", "en": "en"}

WORDS: Mapping[str, tuple[str, str]] = {
    "certificate": ("水权证书", "Water entitlement certificate"),
    "verification": ("水权证书查验", "Certificate verification"),
    "number": ("证书编号", "Certificate number"),
    "holder": ("权利人", "Holder"),
    "kind": ("水权类型", "Kind of right"),
    "source": ("水源", "Source"),
    "sector": ("行业", "Sector"),
    "place": ("区域", "Zone"),
    "canal": ("渠道", "Canal"),
    "volume": ("年水量", "Volume a year"),
    "cubic_metres": ("立方米", "m³"),
    "land": ("灌溉面积", "Land"),
    "mu": ("亩", "mu"),
    "term": ("有效期", "Term"),
    "until": ("至", "to"),
    "confirmed_on": ("发证日期", "Confirmed on"),
    "leased": ("已出租", "Let"),
    "issuer": ("发证机关", "Issued by"),
    "standing": ("状态", "Standing"),
    "scan": ("扫码查验证书现状", "Scan to verify the present standing"),
    "masked": ("权利人姓名已作隐去处理", "The holder's name is masked"),
    "checked_on": ("查验日期", "Checked on"),
    "print_note": (
        "本证书所载内容以登记簿为准；现状请扫码查验。",
        "The register prevails over this print; scan the code for the present standing.",
    ),
    "unknown_note": (
        "没有与此查验码对应的证书，请核对证书上的二维码。",
        "No certificate has this code. Check the code on the certificate.",
    ),
    "other_language": ("English", "中文"),
    "valid": ("有效", "Valid"),
    "suspended": ("暂停", "Suspended"),
    "expired": ("已过期", "Expired"),
    "cancelled": ("已注销", "Cancelled"),
    "unknown": ("未知", "Unknown"),
    "abstraction_permit": ("取水许可", "Abstraction permit"),
    "irrigation_certificate": ("灌溉用水户水权证", "Irrigation certificate"),
    "network_certificate": ("公共管网用户水权证", "Network certificate"),
    "regional": ("区域水权", "Regional right"),
    "surface": ("地表水", "Surface water"),
    "groundwater": ("地下水", "Groundwater"),
    "reclaimed": ("再生水", "Reclaimed water"),
    "agriculture": ("农业", "Agriculture"),
    "industry": ("工业", "Industry"),
    "domestic": ("生活", "Domestic"),
    "ecology": ("生态", "Ecology"),
    "services": ("服务业", "Services"),
}


def speaker(language: str) -> Callable[[str], str]:
    """What turns a word's key into the word of a language; a key without a word, such as a county's own source of
    water, is shown as it is.
    """
    index = LANGUAGES.index(language)
    return lambda key: WORDS[key][index] if key in WORDS else key
