"""Torch modules: architectures and nothing else."""
