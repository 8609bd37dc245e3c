"""Networks and the parts they are made of. [registries]"""
