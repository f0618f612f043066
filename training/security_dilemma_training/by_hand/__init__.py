"""Played by hand: a person in the terminal as one state, who is shown what a state observes and nothing else."""
