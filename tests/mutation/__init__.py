"""Breaks arithmetic and plans on purpose, one place at a time, and looks whether a test minds."""
