"""Which combinations of the varied values are run. [registry]

A design is a function of the axes that gives one mapping a variant: axis field → index of the choice.
Axes left out stay at their first choice. Its keyword-only arguments are what a study may set.
"""

from segablate.registry import Registry

designs = Registry("design", "segablate.study.designs")
