"""Promises that only a real Podman can keep or break."""
