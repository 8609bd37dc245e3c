"""From an encoder's features to the upsampler's code. [registry]"""
