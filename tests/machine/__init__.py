"""Sets a machine up for the demo and the tests: packages, a private Podman engine, images."""
