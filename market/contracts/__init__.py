"""Saving contracts (合同节水): service firms, projects, contracts, savings, and how they are shared."""
