"""Studies: conditions that are learned or scripted, what is measured in each, and how they compare."""
