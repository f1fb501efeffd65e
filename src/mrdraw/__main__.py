"""`python -m mrdraw`: the same as the command `mrdraw`."""

import sys

from mrdraw.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
