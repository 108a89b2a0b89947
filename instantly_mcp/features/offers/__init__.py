"""The tools as data: one module for each kind of thing they deal with."""
