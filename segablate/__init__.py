"""segablate: which segmentation decoder, and how do you know?"""

__version__ = "0.1.0"
