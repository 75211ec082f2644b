"""The live feed: trades, depth and phases to any number of watchers, from one process that follows the database.

It looks once for all watchers, and the engine does not know of it. docs/decisions/0020-live-feed.md says why so.
"""
