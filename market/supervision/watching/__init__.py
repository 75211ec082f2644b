"""Surveillance over the market's own record: evidence out of the database, runs, alerts and what becomes of them."""
