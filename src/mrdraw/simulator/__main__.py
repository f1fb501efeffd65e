"""``python -m mrdraw.simulator marlin --port PATH``."""

from __future__ import annotations

import argparse
import sys

from mrdraw.simulator import command


def main() -> int:
    """Read the command line and simulate."""
    parser = argparse.ArgumentParser(prog="python -m mrdraw.simulator", description="Firmware that is not there.")
    firmwares = parser.add_subparsers(required=True, metavar="FIRMWARE")
    marlin = firmwares.add_parser("marlin", help="a Marlin 2.1 on a pseudo-terminal")
    command.add_arguments(marlin)
    return command.run(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
