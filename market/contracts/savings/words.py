"""What every reason of baselines, savings and credits says, in Chinese and English. Pure."""

from __future__ import annotations

from market.contracts.savings.model import Reason

REASONS: dict[str, tuple[str, str]] = {
    "base_not_whole_years": (
        "基准期须为一至三个完整年度，现为 {years} 年",
        "the base period must be one to three whole years, not {years}",
    ),
    "base_not_latest": (
        "基准期须为改造前最近的完整年度，现止于 {ends}",
        "the base period must be the latest before works; it ends on {ends}",
    ),
    "base_incomplete": (
        "基准期数据完整率 {share} 低于 {least}",
        "only {share} of the base period was measured; {least} is needed",
    ),
    "base_outside_season": ("基准期含约定季节以外的时段", "a base period lies outside the agreed season"),
    "no_model": ("所签驱动因素均不能入选模型", "no admissible model among the signed drivers"),
    "cv_too_large": ("误差变异系数 {cv} 高于 {most}", "CV(RMSE) {cv} is above {most}"),
    "bias_too_large": ("平均偏差 {nmbe} 超出 ±{most}", "mean bias {nmbe} is outside ±{most}"),
    "too_few_periods": ("自由度 {df} 少于 {least}", "n - p is {df}; {least} is needed"),
    "r2_too_small": ("R² {r2} 低于 {least}", "R² {r2} is below {least}"),
    "no_unit": ("未约定计量单位产品的驱动因素", "no driver was agreed that counts units"),
    "too_few_years": ("可比年度 {years} 个，少于 {least} 个", "{years} comparable years; {least} are needed"),
    "outside_base_range": (
        "调整后基准用水量的 {share} 在基准期范围之外，上限为 {most}",
        "{share} of the adjusted baseline lies outside the base range; less than {most} may",
    ),
    "driver_outside": (
        "{driver} 为 {value}，超出基准期范围 {low} 至 {high} 的一成以上（{starts}）",
        "{driver} of {value} is more than a tenth outside the base range {low} to {high} ({starts})",
    ),
    "leverage_outside": (
        "杠杆值 {value} 高于基准期最大值 {most}（{starts}）",
        "leverage {value} is above the base period's largest {most} ({starts})",
    ),
    "month_outside": ("基准期没有 {month} 月", "the base period has no month {month}"),
    "rebase_due": (
        "基准期结束已超过 {years} 年，须重新核定基准",
        "the base period ended more than {years} years ago; a new one is due",
    ),
    "residuals_running": (
        "连续 {count} 个时段偏离超过 {sds} 倍标准差（自 {starts} 起）",
        "{count} periods running differ by more than {sds} standard deviations (from {starts})",
    ),
    "adjustment_not_accepted": (
        "调整“{event}”未获对方同意或核验决定，不计入",
        "the adjustment “{event}” has neither the other party's consent nor the verifier's decision",
    ),
    "too_few_nights": ("基准期夜间数 {nights} 少于 {least}", "{nights} base nights; {least} are needed"),
    "nights_missing": (
        "报告期 {days} 天中仅 {nights} 夜有计量，其余各天不计节水量",
        "only {nights} nights of the {days} days were measured; the other days earn nothing",
    ),
    "balance_disagrees": (
        "水量平衡得出的节水量 {balance} m³ 不在 {low} 至 {high} m³ 之间",
        "inflow less billed use gives a saving of {balance} m³, outside {low} to {high} m³",
    ),
    "efficiency_disagrees": (
        "灌溉水利用系数得出的节水量 {balance} m³ 不在 {low} 至 {high} m³ 之间",
        "the efficiency coefficients give a saving of {balance} m³, outside {low} to {high} m³",
    ),
    "one_figure": ("基准仅为一个数值，只能结算费用", "the baseline is one figure: money only"),
    "no_single_consent": (
        "各方未同意按单一基准数值结算",
        "the parties have not consented to one base figure",
    ),
    "precision_too_low": (
        "68% 半宽 {half} m³ 大于允许的 {most} m³，并入下一期",
        "the 68 per cent half-width {half} m³ is above {most} m³: the period merges with the next",
    ),
    "no_saving": ("本期未节水 {litres} m³，结转", "no saving: {litres} m³ are carried"),
    "carried": ("抵扣本年度前期负节水量 {litres} m³", "{litres} m³ of the contract year's loss are set off"),
    "tier_c": ("C 级结果只能结算费用，不能形成可交易节水指标", "Tier C: money only, no tradable water"),
    "lower_bound_not_positive": (
        "单侧下限 {litres} m³ 不为正，不形成可交易节水指标",
        "the lower bound {litres} m³ is not positive: no tradable water",
    ),
    "meter_interference": ("计量设施被干扰，本期无效", "a meter was interfered with: the period is void"),
    "replaced_without_parallel": (
        "更换计量设施未并行一个月",
        "a meter was replaced without a month in parallel",
    ),
}
"""(中文, English) by code; the names in braces are the reason's numbers."""


def text_of(reason: Reason, language: str) -> str:
    """A reason in "zh" or "en", with its numbers. Errors: KeyError."""
    return REASONS[reason.code][("zh", "en").index(language)].format(**dict(reason.numbers))
