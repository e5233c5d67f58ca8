"""R-LACE: a minimax game between a projection and a predictor."""
