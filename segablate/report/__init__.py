"""A page as data, then drawn: a pure function of a study and what was measured."""
