"""Truncated Taylor algebra: derivatives of any order as arrays, and simplices that hold points."""

from ._compose import apply_family as apply_family
from ._compose import compose as compose
from ._jets import JetSpace as JetSpace
from ._jets import MultiIndex as MultiIndex
from ._jets import multiply as multiply
from ._jets import unit as unit
from ._simplices import Indices as Indices
from ._simplices import Simplices as Simplices
from ._simplices import edges as edges
from ._simplices import facet_vectors as facet_vectors
from ._simplices import pack as pack
from ._simplices import signed_measures as signed_measures
from ._simplices import unpack as unpack
