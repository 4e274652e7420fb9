"""The program: from a git commit to containers that run, and what a person sees of it."""

VERSION = "0.1.0"
