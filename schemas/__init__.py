"""Kubernetes' objects as typed values, and the reading of manifests."""
