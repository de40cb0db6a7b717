"""The page: its settings, scenes, player, maps and reports, and the server that answers for it."""
