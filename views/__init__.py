"""The pages, their controls, figures and player."""
