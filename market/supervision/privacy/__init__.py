"""Personal data in time: who leaves, what is erased when, what a person asks to have erased, and all of one's own."""
