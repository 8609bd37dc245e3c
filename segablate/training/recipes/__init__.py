"""Recipes: how a network is trained, each value of which a study may set."""
