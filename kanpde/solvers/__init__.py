"""Ways of solving a problem."""
