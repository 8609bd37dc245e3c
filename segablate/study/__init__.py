"""YAML to study to variants: structure and line numbers, nothing else."""
