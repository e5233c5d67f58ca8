"""What probes share: maps, estimator shells, and batches of labellings."""
