"""What the site says of the code, from the code: the environment page, the keys of configs, commands, modules."""
