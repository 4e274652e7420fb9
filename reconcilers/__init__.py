"""What should exist at this moment, decided per kind by pure functions."""
