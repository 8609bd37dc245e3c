"""From an image to features at 1/2 … 1/32 of its size. [registry]"""
