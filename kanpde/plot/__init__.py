"""Figures of solutions and fits, errors, residuals and points (matplotlib, no windows)."""

from kanpde.plot._convergence import convergence_figure
from kanpde.plot._fit import fit_figure, function_figure, training_figure
from kanpde.plot._save import save_figures
from kanpde.plot.diagram._animation import Recorder, animation
from kanpde.plot.diagram._diagram import diagram
from kanpde.plot.diagram._formula import formula_figures, formula_text, formula_title
from kanpde.plot.diagram._run_diagram import run_diagram
from kanpde.plot.fields._domain import domain_figure
from kanpde.plot.fields._points import points_figure
from kanpde.plot.fields._solution import error_figure, residual_figure, solution_figure
from kanpde.plot.fields._vectors import vector_figure

__all__ = [
    "Recorder",
    "animation",
    "convergence_figure",
    "diagram",
    "domain_figure",
    "error_figure",
    "fit_figure",
    "formula_figures",
    "formula_text",
    "formula_title",
    "function_figure",
    "points_figure",
    "residual_figure",
    "run_diagram",
    "save_figures",
    "solution_figure",
    "training_figure",
    "vector_figure",
]
