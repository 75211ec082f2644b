"""Files of registers that a worker takes in while whoever sent them goes on: handed in, worked off, found again."""
