"""Random but repeatable misfortune: what happens to a machine, and what must hold after it."""
