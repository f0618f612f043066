"""The compiled path: PPO in self-play as one compiled program, for many seeds and worlds at once; needs ``[jax]``.

The rules are the environment's own, the config, the run folder and the measuring those of every other run:

- :mod:`~security_dilemma_training.compiled.network`: the network, the same as that of stable-baselines3;
- :mod:`~security_dilemma_training.compiled.rollout`: games played and counted;
- :mod:`~security_dilemma_training.compiled.learning`: advantages, losses, gradient steps;
- :mod:`~security_dilemma_training.compiled.program`: an update of one lane, a seed in a world, compiled for many;
- :mod:`~security_dilemma_training.compiled.training`: run folders trained side by side.

Nothing but these modules imports JAX, so that everything else works without it.
"""
