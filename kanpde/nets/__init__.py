"""Networks on the layer contract: KAN, MLP, product KAN, and a wrapper for plain modules."""

from kanpde.nets._kan import KAN as KAN
from kanpde.nets._kan import MLP as MLP
from kanpde.nets._layer import BaseBlock as BaseBlock
from kanpde.nets._layer import BasisBlock as BasisBlock
from kanpde.nets._layer import BiasBlock as BiasBlock
from kanpde.nets._layer import Block as Block
from kanpde.nets._layer import Layer as Layer
from kanpde.nets._layer import Record as Record
from kanpde.nets._layer import Tape as Tape
from kanpde.nets._network import ModuleNet as ModuleNet
from kanpde.nets._network import Network as Network
from kanpde.nets._product import ProductKAN as ProductKAN
from kanpde.nets._product import product_count as product_count
from kanpde.nets._sine import SineBlock as SineBlock
from kanpde.nets._spec import extend_grid as extend_grid
from kanpde.nets._spec import network_data as network_data
from kanpde.nets._spec import network_from_data as network_from_data
from kanpde.nets._spec import update_grid as update_grid
from kanpde.nets._univariate import AxisMap as AxisMap

__all__ = [
    "KAN",
    "MLP",
    "AxisMap",
    "BaseBlock",
    "BasisBlock",
    "BiasBlock",
    "Block",
    "Layer",
    "ModuleNet",
    "Network",
    "ProductKAN",
    "Record",
    "SineBlock",
    "Tape",
    "extend_grid",
    "network_data",
    "network_from_data",
    "product_count",
    "update_grid",
]
