"""Early warning: use, holdings and intensity against every cap and target of the tree, and what follows from them."""
