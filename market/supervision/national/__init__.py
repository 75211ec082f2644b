"""Exports for a national system of water rights, and what it answered."""
