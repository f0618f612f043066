"""Beliefs about intents: exact posteriors, a probe of histories, and their scores."""
