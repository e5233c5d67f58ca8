"""``python -m nullprobe`` is the command line."""

import sys

from nullprobe.cli import main

if __name__ == "__main__":
    sys.exit(main())
