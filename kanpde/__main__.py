"""`python -m kanpde` is the command `kanpde`."""

import sys

from kanpde.cli import main

if __name__ == "__main__":
    sys.exit(main())
