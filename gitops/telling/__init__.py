"""What a person sees: of objects, of pods, of what happened."""
