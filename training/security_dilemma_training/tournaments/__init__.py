"""Tournaments: scripted and learned states meet each other, and a population of them evolves."""
