"""The public board, for everyone without a sign-in: prices, books, limits, flows, what is announced and published.

It shows what the API gives to everybody (docs/decisions/0042), so that nobody is named here who is a person.
"""
