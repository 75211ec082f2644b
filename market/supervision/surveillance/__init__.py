"""Surveillance: what the market's own record says about those who trade in it. Pure functions, no database."""
