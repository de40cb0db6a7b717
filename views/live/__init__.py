"""What a link shows, made without the page: the picture and its words, asked for by address."""
