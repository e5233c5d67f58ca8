"""Statistics: metrics of scores, null distributions, dependence of rows, unusual features."""
