"""Linear probes, one method a file."""
