"""What is read off a whole problem: symmetry, periodicity, free constants, gaps and conflicts."""
