"""Whole networks, each a few lines that name parts. [registry]"""
