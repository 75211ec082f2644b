"""Legal sources in Chinese: `水法 art. 49 (to confirm); county plan part 3(1)1: why` is `水法第四十九条（待核实）；…`.

What is cited and what is said of it are looked up; articles are written as laws count them. A source that somebody
typed has the same form, or stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_ARTICLE = r"[0-9]+(?:\([0-9]+\))*"
_ARTICLES = re.compile(
    rf"(?P<cited>.*?) ?\barts?\.? (?P<numbers>{_ARTICLE}(?:(?:, | and |[-–]){_ARTICLE}|,? ?\([0-9]+\))*)"
)
_PART = re.compile(r"(?P<cited>.*?)\bpart (?P<place>[0-9][0-9()]*)")
_SECTION = re.compile(r"(?P<cited>.*?)\bsection (?P<number>[0-9]+)")
_PACK = re.compile(r"county pack (?P<version>\S+ [0-9]\S*)")
_WHY = re.compile(r"(?P<cited>(?:[^()]|\([^()]*\))*?): (?P<why>.*)")
_BRACKETS = re.compile(r" ?\(([^()]*(?:\([^()]*\)[^()]*)*)\)")
_DIGITS = "零一二三四五六七八九"
_UNITS = ("", "十", "百", "千")

Said = Callable[[str], str]


def in_chinese(source: str, said: Said) -> str:
    """A source in Chinese, clause by clause; `said` gives the Chinese of words, or the words where there is none."""
    whole = said(source)
    return whole if whole != source else "；".join(_clause(each, said) for each in source.split("; "))


def _clause(clause: str, said: Said) -> str:
    whole = said(clause)
    if whole != clause:
        return whole
    explained = _WHY.fullmatch(clause)
    if explained is None:
        return _cited(clause, said)
    return f"{_cited(explained['cited'], said)}：{_words(explained['why'], said)}"


def _words(words: str, said: Said) -> str:
    """What is said of a source, with what stands behind it in brackets."""
    whole = said(words)
    if whole != words:
        return whole
    bracketed = _BRACKETS.search(words)
    if bracketed is not None and bracketed.end() == len(words):
        return said(words[: bracketed.start()]) + f"（{said(bracketed[1])}）"
    return words


def _cited(text: str, said: Said) -> str:
    """A law with its articles, a plan with its part, and remarks behind commas or in brackets."""
    whole = said(text)
    if whole != text:
        return whole
    pack = _PACK.fullmatch(text)
    if pack is not None:
        return f"县参数包 {pack['version']}"
    for form, write in ((_ARTICLES, articles), (_PART, _part), (_SECTION, "第{}节".format)):
        found = form.match(text)
        if found is not None:
            name = _named(found["cited"].strip(), said)
            return name + write(found[found.lastindex or 0]) + _remarks(text[found.end() :], said)
    return _named(text, said)


def _named(text: str, said: Said) -> str:
    whole = said(text)
    if whole != text:
        return whole
    bracketed = _BRACKETS.search(text)
    if bracketed is None:
        name, comma, remark = text.partition(", ")
        return said(name) + (f"，{said(remark)}" if comma and said(remark) != remark else comma + remark)
    remarks = _remarks(text[bracketed.start() :], said)
    return said(text[: bracketed.start()]) + remarks


def _remarks(text: str, said: Said) -> str:
    """` (to confirm)`, `, from memory`, `, 13 …` behind a citation."""
    if not text:
        return ""
    told = _BRACKETS.sub(lambda found: f"（{said(found[1])}）", text)
    for mark, written in ((", ", "，"), (" ", "")):
        head, found_mark, rest = told.partition(mark)
        if found_mark and not head:
            return written + said(rest)
    return told


def articles(numbers: str) -> str:
    """`20-22, 41` as laws count them: 第二十至二十二条、第四十一条; a paragraph or item of an article in brackets."""
    written = []
    for each in re.split(r", (?=[0-9])| and ", numbers):
        first, dash, last = re.sub(r",? ?\(", "(", each).replace("–", "-").partition("-")
        number, items = re.match(r"([0-9]+)(.*)", first).groups()  # type: ignore[union-attr]
        told = f"第{counted(int(number))}条{_items(items)}"
        if dash:
            number, items = re.match(r"([0-9]+)(.*)", last).groups()  # type: ignore[union-attr]
            told += f"至第{counted(int(number))}条{_items(items)}"
        written.append(told)
    return "、".join(written)


def _items(items: str) -> str:
    return "".join(f"（{counted(int(each))}）" for each in re.findall(r"[0-9]+", items))


def _part(place: str) -> str:
    """`3(1)2` is 第三部分（一）2, as the county's plan counts."""
    steps = re.findall(r"\(?[0-9]+\)?", place)
    inner = (f"（{counted(int(each[1:-1]))}）" if each.startswith("(") else each for each in steps[1:])
    return f"第{counted(int(steps[0]))}部分" + "".join(inner)


def counted(number: int) -> str:
    """A number below ten thousand in Chinese: 20 is 二十, 1122 is 一千一百二十二."""
    digits = str(number)
    told = ""
    for at, digit in enumerate(digits):
        unit = _UNITS[len(digits) - 1 - at]
        told += _DIGITS[int(digit)] + unit if digit != "0" else "零"
    told = re.sub("零+", "零", told).rstrip("零") or "零"
    return told.removeprefix("一") if told.startswith("一十") else told
