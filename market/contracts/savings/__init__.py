"""Baseline and saving (GB/T 34148 in symbols, SAVINGS sections 2 and 3). Pure; values in, values out.

`baseline` once, before signing; `assess` each report against it; `credit` what of it is money and what water.
docs/decisions/0022-saving-core.md says how it is meant.
"""

from market.contracts.savings.assess import assess
from market.contracts.savings.base import baseline
from market.contracts.savings.credit import Credit, credit, merged
from market.contracts.savings.forecast import Forecast, Metering, forecast
from market.contracts.savings.leakage import LeakageInput, Night, leakage_saving
from market.contracts.savings.measured import measured
from market.contracts.savings.model import (
    Adjustment,
    BadInput,
    BaseInput,
    Baseline,
    Driver,
    Meter,
    Period,
    Reason,
    Report,
    Saving,
    Step,
)
from market.contracts.savings.nights import (
    Balanced,
    LeakageBase,
    LeakageBaseline,
    LeakageReport,
    assess_nights,
    leakage_baseline,
)
from market.contracts.savings.plot import plot
from market.contracts.savings.products import Product, ProductYear, products_saving
from market.contracts.savings.rules import Rules
from market.contracts.savings.steps import derivation
from market.contracts.savings.unit import published
from market.contracts.savings.words import text_of

__all__ = [
    "Adjustment",
    "BadInput",
    "Balanced",
    "BaseInput",
    "Baseline",
    "Credit",
    "Driver",
    "Forecast",
    "LeakageBase",
    "LeakageBaseline",
    "LeakageInput",
    "LeakageReport",
    "Meter",
    "Metering",
    "Night",
    "Period",
    "Product",
    "ProductYear",
    "Reason",
    "Report",
    "Rules",
    "Saving",
    "Step",
    "assess",
    "assess_nights",
    "baseline",
    "credit",
    "derivation",
    "forecast",
    "leakage_baseline",
    "leakage_saving",
    "measured",
    "merged",
    "plot",
    "products_saving",
    "published",
    "text_of",
]
