"""Ways to run groups of cells. [registry]"""
