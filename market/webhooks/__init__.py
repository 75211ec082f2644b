"""Events for programs: who is told what has happened, and how it reaches them."""
