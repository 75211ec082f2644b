"""The demonstration county and its stories. Everyone in it is made up."""
