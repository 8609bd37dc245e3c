"""Ways to make one feature of a fine and a coarse one. [registry]"""
