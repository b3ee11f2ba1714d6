"""Functions that are given by numbers: tables, splines, fields on meshes."""
