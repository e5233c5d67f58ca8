"""Evidence: everything an audit measures, once, by the same splits and seeds."""

from nullprobe.evidence.run import Progress, Run, Settings

__all__ = ["Settings", "Progress", "Run"]
