"""The desk of saving contracts: for firms, users, verifiers and banks."""
