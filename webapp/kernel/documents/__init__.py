"""Documents that leave the house: proofs on paper."""
