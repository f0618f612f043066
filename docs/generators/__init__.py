"""What the site says of the code, written from the code: the environment page, the keys of configs, commands, modules."""
