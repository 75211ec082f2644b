"""The desks of the bureau: what waits for a decision, who decides, by when, and what is told to whom."""
