"""What is to be solved."""
