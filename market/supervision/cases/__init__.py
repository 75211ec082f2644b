"""Cases of supervision: who handles what, what was found, and what that does to a credit record."""
