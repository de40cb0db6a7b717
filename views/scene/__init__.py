"""An experiment's trajectories as a picture: plain figures, packed for the player."""
