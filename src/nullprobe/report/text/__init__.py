"""Words, tables and text alternatives of a page."""
