"""Ways to run a module: as it is written, compiled, recorded, or in another program. [registry]"""
