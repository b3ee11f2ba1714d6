"""Reference cases that others made, as kanpde problems: one module per case.

A module holds

- ``problem(folder, **variant) -> kanpde.Problem``, which may read data that belong to the statement
  (measurements, sources) from the case's folder, never the reference;
- ``SETTINGS``: settings of the solve, or ``settings(**variant)`` that gives them;
- ``solve(folder, settings, *, seed, **variant) -> Solution`` (optional) where one call of
  `kanpde.solve` is not all;
- ``VARIANTS`` (optional): dicts of what the case leaves open, such as ``{"a": 4}``; a key that is a
  column of the reference's points picks its rows;
- ``expressions(problem)`` (optional): ``{name of a reference column: expression}`` where the
  unknowns have other names;
- ``derived(columns)`` (optional): further true columns made of the given ones;
- ``FREE`` (optional): unknowns compared after their mean (at every time, if there is one) is
  taken away;
- ``WINDOWS`` (optional): latest times up to which errors are told apart;
- ``CONSTANTS`` (optional): true values of unknown constants, by name;
- ``JUDGED`` (optional): names of those errors that decide; all unless given.
"""
