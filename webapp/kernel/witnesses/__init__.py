"""Publishing our logs: the signer signs, nodes of other organisations cosign, people see how far that has come."""
