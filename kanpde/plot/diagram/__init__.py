"""Networks drawn: the diagrams of the KAN paper, formulas, films of them."""
