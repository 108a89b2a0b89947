"""How tools and their arguments are declared, and the schemas made from it."""
