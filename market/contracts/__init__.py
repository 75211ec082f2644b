"""Saving contracts. What is here is pure: `savings` (baseline to credited litres), `sharing` (litres to fen), `lots`,
`clawback`, `states` and `finance`; `canonical` names every input and result by its hash.
"""
