"""What every room stands on: identity, codes, the ledger, the one door, evidence, open questions."""
