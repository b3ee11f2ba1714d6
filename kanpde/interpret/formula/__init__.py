"""A symbolic network as an expression with recognised numbers."""
