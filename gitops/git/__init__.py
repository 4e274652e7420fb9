"""Repositories: fetched, read commit by commit, and written to."""
