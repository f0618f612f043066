"""Replays: one episode, recorded with everything that went on in it, and shown so that it can be understood."""
