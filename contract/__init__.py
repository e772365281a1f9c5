"""What edge and cloud promise each other, and the only place where they meet."""
