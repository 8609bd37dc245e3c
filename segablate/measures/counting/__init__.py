"""Counting what a network costs: mechanism, formula, table and display are separate files.

| file | does |
|---|---|
| `formulas` | operations of one operator, from the shapes of its inputs and its result |
| `traced` | goes through a network once, operator by operator, without a single number in memory |
| `shapes` | what operators give there, where torch would take its time to say it |
| `memory` | bytes alive at the same time and bytes moved |
| `cost` | what was found, as data |
| `count` | puts them together |
| `conventions` | what a number means, and how papers count |
| `text` | the cost as a person reads it |
"""
