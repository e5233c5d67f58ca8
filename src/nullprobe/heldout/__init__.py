"""Everything that is scored on rows that no fit has seen."""
