"""The program: from a git commit to containers that run, and what a person sees of it."""

import os

VERSION = "0.1.0"

# Whatever is installed beside us has no say in what a manifest means; looking for it takes 0.03 s.
os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"
