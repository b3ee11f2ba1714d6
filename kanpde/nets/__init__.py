"""Networks on the layer contract: KAN, MLP, product KAN, and a wrapper for plain modules."""

from kanpde.nets._block import BaseBlock as BaseBlock
from kanpde.nets._block import BasisBlock as BasisBlock
from kanpde.nets._block import BiasBlock as BiasBlock
from kanpde.nets._block import Block as Block
from kanpde.nets._layer import Layer as Layer
from kanpde.nets._layer import PrecomputedTape as PrecomputedTape
from kanpde.nets._layer import Record as Record
from kanpde.nets._layer import Tape as Tape
from kanpde.nets._library import ARGUMENT as ARGUMENT
from kanpde.nets._library import LIBRARY as LIBRARY
from kanpde.nets._library import SymbolicFunction as SymbolicFunction
from kanpde.nets._network import ModuleNet as ModuleNet
from kanpde.nets._network import Network as Network
from kanpde.nets._spec import copy_network as copy_network
from kanpde.nets._spec import extend_grid as extend_grid
from kanpde.nets._spec import network_from_record as network_from_record
from kanpde.nets._spec import network_record as network_record
from kanpde.nets._spec import update_grid as update_grid
from kanpde.nets._surgery import NodePlan as NodePlan
from kanpde.nets._surgery import add_constants as add_constants
from kanpde.nets._surgery import constants_of as constants_of
from kanpde.nets._surgery import node_plans as node_plans
from kanpde.nets._surgery import rebuilt as rebuilt
from kanpde.nets._surgery import restricted as restricted
from kanpde.nets._surgery import scale_subnode as scale_subnode
from kanpde.nets._surgery import switch_off as switch_off
from kanpde.nets._symbolic_block import SymbolicBlock as SymbolicBlock
from kanpde.nets._symbolic_block import SymbolicEdge as SymbolicEdge
from kanpde.nets.fused._fused import WORKERS as WORKERS
from kanpde.nets.fused._fused import Fused as Fused
from kanpde.nets.fused._fused import FusedTape as FusedTape
from kanpde.nets.fused._fused import Inputs as Inputs
from kanpde.nets.fused._fused import Workspace as Workspace
from kanpde.nets.fused._fused import compile_kernel as compile_kernel
from kanpde.nets.fused._fused import kernel_available as kernel_available
from kanpde.nets.kan._activations import Activation as Activation
from kanpde.nets.kan._activations import activations as activations
from kanpde.nets.kan._activations import edges as edges
from kanpde.nets.kan._kan import KAN as KAN
from kanpde.nets.kan._kan import MLP as MLP
from kanpde.nets.kan._sine import SineBlock as SineBlock
from kanpde.nets.kan._symbolic import fix_edge as fix_edge
from kanpde.nets.kan._symbolic import release_edge as release_edge
from kanpde.nets.kan._symbolic import set_symbolic as set_symbolic
from kanpde.nets.spectral._chart import Chart as Chart
from kanpde.nets.spectral._charted import ChartedKAN as ChartedKAN
from kanpde.nets.spectral._charted import chart_count as chart_count
from kanpde.nets.spectral._product import ProductKAN as ProductKAN
from kanpde.nets.spectral._product_block import all_degrees as all_degrees
from kanpde.nets.spectral._product_block import product_count as product_count
from kanpde.nets.spectral._univariate import AxisMap as AxisMap

__all__ = [
    "ARGUMENT",
    "KAN",
    "LIBRARY",
    "MLP",
    "WORKERS",
    "Activation",
    "AxisMap",
    "BaseBlock",
    "BasisBlock",
    "BiasBlock",
    "Block",
    "Chart",
    "ChartedKAN",
    "Fused",
    "FusedTape",
    "Inputs",
    "Layer",
    "ModuleNet",
    "Network",
    "NodePlan",
    "PrecomputedTape",
    "ProductKAN",
    "Record",
    "SineBlock",
    "SymbolicBlock",
    "SymbolicEdge",
    "SymbolicFunction",
    "Tape",
    "Workspace",
    "activations",
    "add_constants",
    "all_degrees",
    "chart_count",
    "compile_kernel",
    "constants_of",
    "copy_network",
    "edges",
    "extend_grid",
    "fix_edge",
    "kernel_available",
    "network_from_record",
    "network_record",
    "node_plans",
    "product_count",
    "rebuilt",
    "release_edge",
    "restricted",
    "scale_subnode",
    "set_symbolic",
    "switch_off",
    "update_grid",
]
