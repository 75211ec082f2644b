"""The desk of holders: their water, selling and buying, orders and trades, money, meters, messages."""
