"""Checkpoints people have, read without trusting them, with every tensor accounted for."""
