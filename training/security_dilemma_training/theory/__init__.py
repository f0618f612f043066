"""The environment and its learners held against closed forms of theory."""
