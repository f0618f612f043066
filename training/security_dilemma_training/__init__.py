"""Training, evaluation and reports for the security dilemma."""
