"""Surveillance: what the market's own record says about those who trade in it. Pure functions, no database.

`detect` takes the evidence of a period and the county's thresholds, and returns alerts that a regulator can explain.
docs/surveillance.md says what each detector looks for, and what it does not see.
"""

from market.supervision.surveillance.detectors import detect
from market.supervision.surveillance.evidence import Alert, Evidence
from market.supervision.surveillance.thresholds import BASES, Thresholds
from market.supervision.surveillance.words import detector_name, figure_text

__all__ = ["BASES", "Alert", "Evidence", "Thresholds", "detect", "detector_name", "figure_text"]
