"""Solutions as files for other programs: VTU (ParaView, meshio) and CSV."""

from kanpde.export._csv import write_csv
from kanpde.export._vtu import write_vtu

__all__ = ["write_csv", "write_vtu"]
