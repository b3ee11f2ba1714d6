"""Product KANs: fixed edges, product nodes, learned outer coefficients, solved by least squares."""
