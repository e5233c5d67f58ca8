"""Probes of contrast pairs, fitted without labels."""
