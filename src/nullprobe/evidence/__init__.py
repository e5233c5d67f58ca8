"""Evidence: everything an audit measures, once, by the same splits and seeds."""

from nullprobe.evidence.given import Given
from nullprobe.evidence.run import Progress, Run, Settings
from nullprobe.evidence.several import told_of_each_other

__all__ = ["Given", "Progress", "Run", "Settings", "told_of_each_other"]
