"""What theory says, what the environment gives exactly and what learners reach, section by section."""
