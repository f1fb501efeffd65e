"""`python -m mrdraw`: the same as the command `mrdraw`."""

import sys

from mrdraw.cli.main import main

sys.exit(main())
