"""What this machine runs: its values, the engine that holds them, and the ledger that remembers."""
