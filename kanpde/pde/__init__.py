"""From sympy to torch: what a problem is written in, analysed and lowered."""

from kanpde.pde._analysis import is_linear, jets_in, normalise, order
from kanpde.pde._complex import complex_unknowns, normalised, parts_of, split_complex
from kanpde.pde._derivative import derivative
from kanpde.pde._integrals import IntegralTerm, extract_integrals
from kanpde.pde._manufactured import manufactured
from kanpde.pde._names import scalar
from kanpde.pde._symbols import (
    coordinates,
    creation_order,
    divergence,
    gradient,
    laplacian,
    unknown,
)
from kanpde.pde.program._evaluate import Evaluator, truth_of
from kanpde.pde.program._lower import lower
from kanpde.pde.program._program import Program
from kanpde.pde.program._raise import raise_program
from kanpde.pde.program._rules import covered
from kanpde.pde.program._tree import tree_expression, tree_record
from kanpde.pde.tables._tabulated import mesh_field, table

__all__ = [
    "Evaluator",
    "IntegralTerm",
    "Program",
    "complex_unknowns",
    "coordinates",
    "covered",
    "creation_order",
    "derivative",
    "divergence",
    "extract_integrals",
    "gradient",
    "is_linear",
    "jets_in",
    "laplacian",
    "lower",
    "manufactured",
    "mesh_field",
    "normalise",
    "normalised",
    "order",
    "parts_of",
    "raise_program",
    "scalar",
    "split_complex",
    "table",
    "tree_expression",
    "tree_record",
    "truth_of",
    "unknown",
]
