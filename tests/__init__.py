"""What sloop promises, held against real git, real SQLite and real Podman."""
