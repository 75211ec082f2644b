"""One's own account in the browser: who one is, how one signs in, one's data, keys for programs."""
