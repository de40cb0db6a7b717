"""What happened, in words and numbers, under the player."""
