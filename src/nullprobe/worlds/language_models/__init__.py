"""Language models whose concept is known, and how they are trained."""
