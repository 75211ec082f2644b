"""The audit trail outside the database: signed heads, exports, and the check of an export."""
