"""What the short way did for a request that goes on the long way: names in the request's environment."""

COUNTED = "karez.counted"
"""Where the user stands with its rate limit: it was counted."""
SUBMITTED = "karez.submitted"
"""What the engine answered, or the error instead."""
