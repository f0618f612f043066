"""Best responses to frozen policies: how far what was learned is from an equilibrium."""
