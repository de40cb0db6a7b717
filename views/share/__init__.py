"""Links for a class: made by ticking boxes, as text, as a QR code and for a frame."""
