"""The desks of the bureau: what waits there, what it decides, and what it does to the market."""
