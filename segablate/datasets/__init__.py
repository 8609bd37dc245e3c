"""Label maps, and images where there are some. [registry]"""
