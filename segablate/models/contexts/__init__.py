"""What is around a pixel: parts that widen the view of the deepest feature. [registry]"""
