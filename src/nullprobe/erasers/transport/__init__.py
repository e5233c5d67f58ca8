"""Transport of every class to one mean and one covariance."""
