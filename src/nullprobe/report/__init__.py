"""Report: what an audit found, as a plain document and as a page that renders it."""
