"""A season of the whole county, played over HTTP against a running server: one file a chapter. Everyone is made up."""
