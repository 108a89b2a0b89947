"""Connection tokens: their values, the book of them, and whom they admit."""
